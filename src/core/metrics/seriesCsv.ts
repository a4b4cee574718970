import type { MetricPoint } from './metricPoint.ts';

/** The row of titles of a CSV file (RFC 4180) of points. */
export const csvTitles = 'name,rank,step,epoch,value,line\r\n';

/** A point as a row; an empty cell is what was not printed, lines count from 1. */
export function csvRow({ name, rank, step, epoch, value, line }: MetricPoint): string {
  return `${[nameCell(name), rank ?? '', step ?? '', epoch ?? '', value, line + 1].join(',')}\r\n`;
}

/** Names come from a log: in quotes when they need any, and never a formula for a spreadsheet. */
function nameCell(name: string): string {
  const plain = /^[=+\-@\t\r]/u.test(name) ? `'${name}` : name;
  return /[",\r\n]/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

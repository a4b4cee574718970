import type { MetricPoint } from './metricPoint.ts';

const header = 'name,rank,step,epoch,value,line';

/** Points as CSV (RFC 4180), a row each below a row of titles; an empty cell is what was not printed, lines count from 1. */
export function seriesCsv(points: Iterable<MetricPoint>): string {
  const rows = [header];
  for (const { name, rank, step, epoch, value, line } of points) {
    rows.push([nameCell(name), rank ?? '', step ?? '', epoch ?? '', value, line + 1].join(','));
  }
  return rows.map((row) => `${row}\r\n`).join('');
}

/** Names come from a log: in quotes when they need any, and never a formula for a spreadsheet. */
function nameCell(name: string): string {
  const plain = /^[=+\-@\t\r]/u.test(name) ? `'${name}` : name;
  return /[",\r\n]/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

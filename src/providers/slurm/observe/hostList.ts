/** More nodes than this are no list that we would show; a range may be typed by hostile hands. */
const mostHosts = 20_000;

/**
 * The names in one of Slurm's host lists, in its order: `n[1-3,07],login2` is n1, n2, n3, n07, login2. Text that is no such list
 * stays as it is.
 */
export function expandHostList(text: string): string[] {
  const hosts: string[] = [];
  for (const item of splitOutside(text)) {
    if (hosts.length > mostHosts) {
      break;
    }
    hosts.push(...expandItem(item));
  }
  return hosts;
}

/** At the commas that are not in brackets. */
function splitOutside(text: string): string[] {
  return text.split(/,(?![^[]*\])/u).filter((item) => item !== '');
}

function expandItem(item: string): string[] {
  const [, head, ranges, tail] = /^([^[\]]*)\[([0-9,-]+)\](.*)$/u.exec(item) ?? [];
  if (head === undefined || ranges === undefined || tail === undefined) {
    return [item];
  }
  const tails = tail === '' ? [''] : expandItem(tail);
  return ranges
    .split(',')
    .flatMap(expandRange)
    .flatMap((number) => tails.map((end) => `${head}${number}${end}`));
}

function expandRange(range: string): string[] {
  const [first = '', last = first] = range.split('-');
  const count = Math.min(Number(last) - Number(first) + 1, mostHosts);
  return Array.from({ length: Math.max(count, 0) }, (_, index) =>
    String(Number(first) + index).padStart(first.length, '0'),
  );
}

/** More nodes than this are no list that we would show; a range may be typed by hostile hands. */
const mostHosts = 20_000;

/** Brackets in one name; systems with several dimensions have as many. */
const mostDimensions = 8;

/**
 * The names in one of Slurm's host lists, in its order: `n[1-3,07],login2` is n1, n2, n3, n07, login2. Text that is no such list
 * stays as it is.
 */
export function expandHostList(text: string): string[] {
  const hosts: string[] = [];
  for (const item of splitOutside(text)) {
    for (const host of expandItem(item)) {
      if (hosts.length >= mostHosts) {
        return hosts;
      }
      hosts.push(host);
    }
  }
  return hosts;
}

/** At the commas that are not in brackets. */
function splitOutside(text: string): string[] {
  const items: string[] = [];
  let begin = 0;
  let isInside = false;
  for (let at = 0; at <= text.length; at += 1) {
    const sign = text[at];
    if (at === text.length || (sign === ',' && !isInside)) {
      items.push(text.slice(begin, at));
      begin = at + 1;
    } else if (sign === '[' || sign === ']') {
      isInside = sign === '[';
    }
  }
  return items.filter((item) => item !== '');
}

function* expandItem(item: string, dimensions = 0): Generator<string, void> {
  const [, head, ranges, tail] = /^([^[\]]*)\[([0-9,-]+)\](.*)$/u.exec(item) ?? [];
  if (head === undefined || ranges === undefined || tail === undefined || dimensions === mostDimensions) {
    yield item;
    return;
  }
  for (const range of ranges.split(',')) {
    for (const number of expandRange(range)) {
      for (const end of expandItem(tail, dimensions + 1)) {
        yield `${head}${number}${end}`;
      }
    }
  }
}

function* expandRange(range: string): Generator<string, void> {
  const [first = '', last = first] = range.split('-');
  for (let number = Number(first); number <= Number(last); number += 1) {
    yield String(number).padStart(first.length, '0');
  }
}

import { unseenCharacters } from './drawnText.ts';

export interface WebLink {
  readonly start: number;
  readonly end: number;
  readonly url: string;
}

const address = new RegExp(String.raw`https?:\/\/[^\s<>"'\x60\\|^{}${unseenCharacters}]{1,2000}`, 'giu');
const mostLinks = 100;

/** Addresses in visible text, without the punctuation that ends a sentence. */
export function webLinks(visible: string): readonly WebLink[] {
  const links: WebLink[] = [];
  for (const { index, 0: match } of visible.matchAll(address)) {
    const url = withoutPunctuation(match);
    if (isWebUrl(url)) {
      links.push({ start: index, end: index + url.length, url });
    }
    if (links.length >= mostLinks) {
      break;
    }
  }
  return links;
}

export function isWebUrl(url: string): boolean {
  return /^https?:\/\/[^\s/]/iu.test(url) && URL.canParse(url);
}

/** A closing bracket belongs to the address if it has the opening one. */
function withoutPunctuation(match: string): string {
  const count = (bracket: string): number => match.split(bracket).length - 1;
  let surplus = count(')') - count('(');
  let end = match.length;
  for (; end > 0; end -= 1) {
    const last = match.charAt(end - 1);
    if (last === ')' ? surplus <= 0 : !'.,;:!?]'.includes(last)) {
      break;
    }
    surplus -= last === ')' ? 1 : 0;
  }
  return match.slice(0, end);
}

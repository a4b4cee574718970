import type { Candidate, Span } from './lineReading.ts';
import { isEnvironmentName, metricName, nameKind } from './metricName.ts';
import { groupedNumber, numberPattern } from './printedNumber.ts';

/** `name value` pairs of a line, in their order. */
export interface Pairs {
  readonly candidates: readonly Candidate[];
  readonly names: readonly Span[];
  /** Numbers with commas between digits. */
  readonly grouped: readonly Span[];
}

const unit = '%|[munMGT]?s|sec(?:onds?|s)?|mins?|h|[KMGT]i?[Bb]?|[a-z]+/s(?:ec)?|x|images?|tokens?|samples?';
/** Behind a number these make it part of more: a time, a version, a range, a path, a hash, a product. */
const more = String.raw`(?![\w%]|[.:,]\d|[.-]\w|/|\\|[ \t]{0,4}[*+^])`;
/**
 * Names and what may stand before them share no character, and a run of spaces belongs to one name, so the time is linear in
 * the length of the line.
 */
const pair = new RegExp(
  String.raw`(?<![^ \t,;|(\[{>:'"])(?<name>[A-Za-z][\w@./%-]*(?:[ \t]?\((?:ms|s|%)\))?)(?<separator>[ \t]*[=:][ \t]*|[ \t]+)` +
    String.raw`(?:\[|tensor\(|np\.float\d*\()?(?<value>\d+(?:,\d+)+(?:\.\d*)?|${numberPattern})(?!%\|)(?:[ \t]?(?:${unit}))?${more}`,
  'dgu',
);

/** Alone with a whole number they say which epoch or part it is, `Train: 0 [10/1251]`. */
const split = /^(?:train|test|valid|val|learn|best)$/iu;

/** Words before a name that belong to it wherever they stand. */
const qualifiers = new RegExp(
  String.raw`(?<![\w@./%-])(?:(?:train|training|val|valid|validation|test|eval|evaluation|dev|lm|mlm|average|avg\.?|mean|total|` +
    String.raw`running|grad|gradient|learning|best|final|min|max|lowest|highest|value|policy|aux|[A-Za-z]\w{0,30}'s)[ \t]){1,3}$`,
  'i',
);
/** Between bars, all words are the name: `| elapsed time per iteration (ms): 512.3 |`. */
const cellWords = /(?<=\|[ \t]*)(?:[A-Za-z]{1,20} ){1,6}$/u;
const lookBack = 80;

/** Reads `loss=0.41`, `lr: 3e-4`, `train loss 2.1` and the like wherever they stand in the text. */
export function readPairs(text: string): Pairs {
  const candidates: Candidate[] = [];
  const names: Span[] = [];
  const grouped: Span[] = [];
  for (const found of text.matchAll(pair)) {
    const { name = '', separator = '', value = '' } = found.groups ?? {};
    const [start, end] = found.indices?.groups?.['value'] ?? [0, 0];
    const separated = /[=:]/u.test(separator);
    const nameStart = found.index - wordsBefore(text, found.index, separated).length;
    const nameEnd = found.index + name.length;
    names.push({ start: nameStart, end: nameEnd });
    if (value.includes(',')) {
      grouped.push({ start, end });
    }
    // `module:12` behind a colon is a place in a program, `module:function:12`.
    const place = separator === ':' && text[found.index - 1] === ':';
    if ((!value.includes(',') || groupedNumber.test(value)) && !isEnvironmentName(name) && !place) {
      const tight = /^\d+$/u.test(value) && (separator === ':' || split.test(name));
      const whole = metricName(text.slice(nameStart, nameEnd));
      candidates.push({
        name: whole,
        kind: nameKind(whole),
        span: { start, end },
        power: 0,
        inverse: false,
        separated,
        tight,
      });
    }
  }
  return { candidates, names, grouped };
}

/** The words before a name that belong to it. */
function wordsBefore(text: string, nameStart: number, separated: boolean): string {
  // Most names stand behind something else than a word, which is quick to see.
  if (!/[A-Za-z.] $/u.test(text.slice(Math.max(0, nameStart - 2), nameStart))) {
    return '';
  }
  const before = text.slice(Math.max(0, nameStart - lookBack), nameStart);
  return (separated ? cellWords.exec(before)?.[0] : undefined) ?? qualifiers.exec(before)?.[0] ?? '';
}

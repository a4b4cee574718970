import type { Candidate, Span } from './lineReading.ts';
import { groupedNumber } from './printedNumber.ts';

/** Rates that stand behind their number, and their numbers with commas between digits. */
export interface Rates {
  readonly candidates: readonly Candidate[];
  readonly grouped: readonly Span[];
}

const unit = String.raw`(?:tok(?:en)?s?|samples?|sequences?|seqs?|images?|imgs?|examples?|frames?|words?|episodes?)\/s(?:ec)?`;
const rate = new RegExp(
  String.raw`(?<![\w.,@/%+-])(?<value>\d+(?:,\d+)*(?:\.\d+)?)(?<prefix>[kKM]?)[ \t]?(?<unit>${unit})(?![\w/])`,
  'dgu',
);
const powers = new Map([
  ['k', 3],
  ['K', 3],
  ['M', 6],
]);

/** Reads `41.2k tok/s` and `1,204 samples/s`. A number that belongs to a name, as in `throughput: 41.2 tok/s`, is left to the name. They are curves
 * beside a sure metric only: loaders and servers print rates too. */
export function readRates(text: string, taken: readonly Candidate[]): Rates {
  const candidates: Candidate[] = [];
  const grouped: Span[] = [];
  for (const found of text.matchAll(rate)) {
    const [start, end] = found.indices?.groups?.['value'] ?? [0, 0];
    const { prefix = '', unit: name = '', value = '' } = found.groups ?? {};
    const isGrouped = value.includes(',');
    if (isGrouped) {
      grouped.push({ start, end });
    }
    if (!taken.some(({ span }) => span.start === start) && (!isGrouped || groupedNumber.test(value))) {
      const power = powers.get(prefix) ?? 0;
      candidates.push({
        name,
        kind: 'maybe',
        span: { start, end },
        power,
        inverse: false,
        separated: true,
        tight: false,
      });
    }
  }
  return { candidates, grouped };
}

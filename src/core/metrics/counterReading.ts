import type { Span } from './lineReading.ts';

/** Step and epoch where they are no plain pair of name and number: `[12/100]`, `Epoch 3/10`, a progress bar. */
export interface Counters {
  readonly step: Span | null;
  readonly epoch: Span | null;
  /** Beside its word, in a bar or as the round of a boosting library a step is one; mere brackets may count anything. */
  readonly sure: boolean;
}

const namedStep =
  /(?<![\w.-])(?:global[_ ]step|steps?|iter|iters|iterations?|it|update|num_updates|batch)[ \t]*(?:[:=#][ \t]*)?(?:\[[ \t]*)?(?<![A-Za-z])(?<at>\d+)(?![\w%]|[.,:-]\d)/di;
const namedEpoch =
  /(?<![\w.-])(?:epoch|ep)(?:\([a-z]{1,10}\))?[ \t]*(?:[:=#][ \t]*)?(?:\[[ \t]*)?(?<![A-Za-z])(?<at>\d+(?:\.\d*)?)(?![\w%]|[.,:-]\d)/di;
/** The place within the epoch, behind it: `Epoch: [0][  10/5005]`, `Train Epoch: 1 [640/60000 (1%)]`, `epoch 001:  10 / 5000`. */
const place = /^(?:[ \t]*\/[ \t]*\d+)?[ \t:,|\]]*(?:[[(][ \t]*)?(?<at>\d+)[ \t]*\/[ \t]*\d+(?![\d.:/\w-])/du;
const bracket = /\[[ \t]*(?<at>\d+)[ \t]*\/[ \t]*\d+(?:[ \t]*\([ \t]*\d+%\))?[ \t]*\]/du;
const bar = /(?<!\d)\d+%\|[^|]*\|[ \t]*(?<at>\d+)\/\d+[ \t]\[/du;
/** `45/100 [====>....]` and `45/100 ━━━━`. */
const keras = /(?<![\w./])(?<at>\d+)\/\d+[ \t]+(?:\[[=>.]{3}|[^\x00-\x7f])/du;
/** XGBoost and LightGBM begin a line with `[10]<tab>`. */
const round = /(?<![^ \t\]])\[(?<at>\d+)\]\t/du;
/** `logging_writer.py:48] [100] loss=0.3`, of CLU. */
const bracketBehindBracket = /\] \[(?<at>\d+)\] (?=[A-Za-z])/du;
/** CatBoost begins it with `10:<tab>learn: `. */
const catboostRound = /^(?<at>\d+):[ \t]+learn: /du;

/** Reads the counters of a line of free text. */
export function readCounters(text: string): Counters {
  const epoch = counterOf(namedEpoch, text);
  const sure =
    counterOf(namedStep, text) ??
    counterOf(bar, text) ??
    counterOf(keras, text) ??
    counterOf(round, text) ??
    counterOf(bracketBehindBracket, text) ??
    counterOf(catboostRound, text);
  const step = sure ?? (epoch === null ? null : placeBehind(text, epoch)) ?? counterOf(bracket, text);
  return { step, epoch, sure: sure !== null };
}

function placeBehind(text: string, { end }: Span): Span | null {
  const found = counterOf(place, text.slice(end));
  return found === null ? null : { start: found.start + end, end: found.end + end };
}

function counterOf(pattern: RegExp, text: string): Span | null {
  const [start, end] = pattern.exec(text)?.indices?.groups?.['at'] ?? [];
  return start === undefined || end === undefined ? null : { start, end };
}

import { readBarRate } from './barReading.ts';
import { type Counters, readCounters } from './counterReading.ts';
import { readDict } from './dictReading.ts';
import type { Candidate, LineReading, Span } from './lineReading.ts';
import { stepPriority } from './metricName.ts';
import { readPairs } from './pairReading.ts';
import { readRates } from './rateReading.ts';
import { readTableRow } from './tableReading.ts';

/** Longer lines carry no metrics: they are data. */
export const longestLine = 16_384;

/** A command, a call with arguments, a source line of a traceback, a request: their numbers are settings. */
const noMetrics =
  /^[ \t]*(?:\+ |\$ |> |File "|import |from |def |class )|(?<![^ \t/])(?:python[\d.]*|torchrun|srun|sbatch|mpirun|pip\d*|export|docker) |(?<!\w)[A-Za-z_]\w*\([A-Za-z_]\w*=|HTTP\/\d/u;
const rankPrefix = /(?:\[(?:[Rr]ank|RANK|default|trainer)[ _:=]?|^(?:[Rr]ank|RANK)[ _]?)(?<at>\d+)(?:\]|:)/du;
const fractionPercent =
  /(?<![^ \t,])(?<name>[Aa]cc(?:uracy)?):?[ \t]*\d+\/\d+[ \t]*\([ \t]*(?<value>\d+(?:\.\d*)?)%\)/du;
const nothing: LineReading = { rank: null, step: null, epoch: null, values: [], fixed: [] };

/** What of one visible line (no escape sequences, no line end) is a metric, and where it stands. */
export function readLine(text: string): LineReading {
  if (text.length > longestLine) {
    return nothing;
  }
  const dict = readDict(text);
  if (dict !== undefined) {
    const own = counters(text, dict.candidates, { step: null, epoch: null, sure: false });
    const counted = own.step !== null || own.epoch !== null;
    const accepted = counted || dict.candidates.some(isMetric) ? dict.candidates.filter(mayAccompany) : [];
    return reading(text, own, accepted, dict.keys);
  }
  const { candidates, names, grouped } = readPairs(text);
  const extra = [readBarRate(text), readTableRow(text), readFraction(text)].filter((found) => found !== undefined);
  const all = [...candidates, ...extra];
  if (all.length === 0) {
    return nothing;
  }
  const printed = readCounters(text);
  const own = counters(text, candidates, printed);
  const metrics = [...accepted(candidates, own), ...extra];
  const rates = readRates(text, candidates);
  const beside = metrics.some(isMetric) ? rates.candidates : [];
  return reading(text, own, [...metrics, ...beside], [...names, ...grouped, ...rates.grouped]);
}

function accepted(candidates: readonly Candidate[], { step, epoch, sure }: Counters): readonly Candidate[] {
  const counted = step !== null || epoch !== null;
  const known = candidates.filter(isKnown);
  const certain = known.some(
    (candidate) => isMetric(candidate) && (candidate.separated || counted || known.length > 1),
  );
  if (certain) {
    return candidates.filter((candidate) => (candidate.separated ? mayAccompany(candidate) : isKnown(candidate)));
  }
  return sure || epoch !== null ? known : [];
}

function isKnown(candidate: Candidate): boolean {
  return isMetric(candidate) || (!candidate.tight && candidate.kind === 'maybe');
}

function isMetric({ kind }: Candidate): boolean {
  return kind === 'metric';
}

/** May this stand beside a metric and be one, too? */
function mayAccompany({ kind, tight }: Candidate): boolean {
  return kind === 'metric' || (!tight && (kind === 'maybe' || kind === 'unknown'));
}

/** What the names say goes before the places of numbers. */
function counters(text: string, candidates: readonly Candidate[], printed: Counters): Counters {
  let step: Candidate | undefined;
  let epoch: Candidate | undefined;
  for (const candidate of candidates) {
    const { kind } = candidate;
    if (kind === 'step' && /^\d+$/u.test(slice(text, candidate.span))) {
      step = step === undefined || stepPriority(candidate.name) > stepPriority(step.name) ? candidate : step;
    } else if (kind === 'epoch') {
      epoch ??= candidate;
    }
  }
  return {
    step: step?.span ?? printed.step,
    epoch: epoch?.span ?? printed.epoch,
    sure: step !== undefined || printed.sure,
  };
}

function reading(
  text: string,
  { step, epoch }: Counters,
  found: readonly Candidate[],
  fixed: readonly Span[],
): LineReading {
  if (found.length === 0 || noMetrics.test(text)) {
    return { ...nothing, fixed };
  }
  const names = new Set<string>();
  const values = found.filter(({ name }) => names.size < names.add(name).size);
  const [start, end] = rankPrefix.exec(text)?.indices?.groups?.['at'] ?? [];
  const rank = start === undefined || end === undefined ? null : { start, end };
  return { rank, step, epoch, values, fixed };
}

/** `Accuracy: 9825/10000 (98%)` says 98. */
function readFraction(text: string): Candidate | undefined {
  const found = fractionPercent.exec(text);
  const [start, end] = found?.indices?.groups?.['value'] ?? [];
  const name = found?.groups?.['name'];
  if (name === undefined || start === undefined || end === undefined) {
    return undefined;
  }
  return {
    name: name.toLowerCase(),
    kind: 'metric',
    span: { start, end },
    power: 0,
    inverse: false,
    separated: true,
    tight: false,
  };
}

function slice(text: string, { start, end }: Span): string {
  return text.slice(start, end);
}

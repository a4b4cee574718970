/**
 * Tells of an epoch, where a line or what a logger put before it ends: "Epoch 3/10", "=== Epoch: 3", "[epoch 3",
 * "INFO:root:epoch 3", "12:00:51 INFO Train Epoch: 3", "Epoch(train)  [3]".
 */
const epochWord =
  /(?:^\W{0,3}(?:=+ ?)?|\[|[\])|:>][ \t]{0,4}|[\d-][ \t]{1,4}|\bINFO[ \t]{1,4})(?:(?:train(?:ing)?|valid(?:ation)?|val|test|eval) )?epoch\b(?:\([a-z]{1,10}\))?[ :=[#]{0,3}(\d+)/iu;
/** The same as an entry of a dict or of JSON: "'epoch': 0.31" is in epoch 0. */
const epochEntry = /["']epoch["'] ?: ?["']?(\d+)/iu;
/** Tells of a step: "step 120 | loss 2.1", "'step': 5", "global_step=7", "iteration      10/     100", "[batch=10/500]". */
const stepLine =
  /(?<![\w.-])(?:global[_ ]?|training_)?(?:step|iter(?:ation)?)["']?[ \t]{0,2}[:=#[]?[ \t]{0,12}(\d+(?:,\d{3})*)(?!\d|\.\d)|\[batch=(\d+)/iu;
/** Only so much of a line is looked at, in characters. */
const looked = 500;

interface Part {
  readonly line: number;
  readonly number: number;
}

/**
 * The parts of a log that can be folded away, first and last line: from the first line of each epoch to the line before the next, and
 * within them, or in a log without any, the same for steps. A part of one line is none.
 */
export function foldingOf(textOf: (line: number) => string, lines: number): readonly (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  let epoch: Part | undefined;
  let step: Part | undefined;
  const endStep = (last: number): void => {
    // Of two parts that begin on the same line, the larger is folded.
    if (step !== undefined && last > step.line && step.line !== epoch?.line) {
      ranges.push([step.line, last]);
    }
    step = undefined;
  };
  const endEpoch = (last: number): void => {
    endStep(last);
    if (epoch !== undefined && last > epoch.line) {
      ranges.push([epoch.line, last]);
    }
  };
  for (let line = 0; line < lines; line += 1) {
    const text = textOf(line).slice(0, looked);
    const inEpoch = /epoch/iu.test(text) ? (numberIn(text, epochEntry) ?? numberIn(text, epochWord)) : undefined;
    if (inEpoch !== undefined && inEpoch !== epoch?.number) {
      endEpoch(line - 1);
      epoch = { line, number: inEpoch };
    }
    const inStep = numberIn(text, stepLine);
    if (inStep !== undefined && inStep !== step?.number) {
      endStep(line - 1);
      step = { line, number: inStep };
    }
  }
  endEpoch(lines - 1);
  return ranges;
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const digits = pattern
    .exec(text)
    ?.slice(1)
    .find((number) => number !== undefined);
  return digits === undefined ? undefined : Number(digits.replaceAll(',', ''));
}

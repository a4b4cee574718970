import type { LogRowView } from '../../../src/protocol/logView.ts';

/** A traceback ends at each line whose number leaves this rest of `failureEvery`. */
export const failureEvery = 5_000;
const failureEnd = failureEvery - 1;
const startedAt = Date.UTC(2026, 0, 12, 14, 30, 0);

const failure: readonly string[] = [
  'Traceback (most recent call last):',
  '  File "/app/train.py", line 88, in step',
  '    x = self.pack(batch)',
  '  File "/app/data/packing.py", line 41, in pack',
  '    raise ValueError(f"sequence longer than context ({n} > {limit})")',
  'ValueError: sequence longer than context (4103 > 4096)',
];

/** Line `line` (0-based) of a training log that goes on for ever; the same line for the same number. */
export function sampleRow(line: number): LogRowView {
  const part = line % failureEvery;
  const fromFailure = part - (failureEnd - failure.length + 1);
  const rank = (line * 7) % 8;
  const base: LogRowView = {
    line,
    stream: fromFailure >= 0 ? 1 : 0,
    time: startedAt + line * 137,
    text: '',
    cutBytes: 0,
    rewrites: 0,
    gap: null,
    level: null,
    links: [],
  };
  const said = failure[fromFailure];
  if (said !== undefined) {
    const file = /^ {2}File "\/app\/([^"]*)", line (\d+)/u.exec(said);
    const links =
      file === null
        ? []
        : [{ start: 8, end: 8 + 5 + (file[1] ?? '').length, path: file[1] ?? '', line: Number(file[2]) }];
    return { ...base, text: said, level: 'error', links };
  }
  return { ...base, ...ordinary(line, part, rank) };
}

function ordinary(line: number, part: number, rank: number): Partial<LogRowView> {
  const step = Math.floor(line / 3);
  if (part === 1_200) {
    return { gap: 'the connection was lost and the provider keeps only the last 1,000 lines', stream: -1 };
  }
  if (part % 97 === 40) {
    return { text: `\u001b[33mWARNING\u001b[0m dataloader: worker ${rank} slow (2.4 s)`, level: 'warning' };
  }
  if (part % 61 === 20) {
    const bar = '█'.repeat(24);
    return { text: `Epoch ${step % 90}: 100%|${bar}| 120/120 [00:41<00:00, 2.9it/s]`, rewrites: 120 };
  }
  if (part % 211 === 30) {
    return { text: `config={"lr":3e-4,"layers":[${'4096,'.repeat(400)}4096]}`, cutBytes: 1_258_291 };
  }
  if (part % 89 === 10) {
    return { text: `wandb: view the run at \u001b[4mhttps://wandb.ai/lab/llama/runs/r${line}\u001b[0m (or run.log)` };
  }
  if (part % 131 === 9) {
    return {
      text: `\u001b[38;2;120;200;255mtrue colour\u001b[0m \u001b[1;35mbold\u001b[22m \u001b[7minverse\u001b[0m nul\u0000 bad \uFFFD rtl \u202Egnp.exe`,
    };
  }
  const loss = (2 + 6 / (1 + step / 500)).toFixed(4);
  return {
    text: `[rank${rank}] step \u001b[1m${step}\u001b[0m | loss \u001b[32m${loss}\u001b[0m | lr 2.98e-04 | 41.2k tok/s`,
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LogCursor, LogItem } from '../../src/core/logChunk.ts';
import { LogFollowers } from '../../src/engine/logFollowers.ts';
import { systemClock } from '../../src/engine/systemClock.ts';
import { quietLogger } from '../fixtures/engine/engineParts.ts';
import { acceptedAttempt, openLogStore } from '../fixtures/log/logJob.ts';
import { stderr, stdout } from '../fixtures/log/output.ts';

const linesPerChunk = 500;
const chunks = 4_000;
const rounds = 3;
const line =
  'epoch 3 step 12345 | loss 0.4821 | lr 3.0e-4 | 812 samples/s | mem 61.2 GiB | grad norm 1.043 | eta 01:22:07 | rank 3\n';
const chunk = Buffer.from(line.repeat(linesPerChunk));

/** Lines a second (121 bytes each) from a source in this process through follower and spool, beside a bare write of the same bytes. */
export async function benchSpool(): Promise<Record<string, number>> {
  const base = mkdtempSync(join(tmpdir(), 'aloft-bench-'));
  try {
    const ours: number[] = [];
    const peer: number[] = [];
    const single: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await followed(join(base, `chunks${round}`), chunks, chunk, linesPerChunk));
      peer.push(await written(join(base, `peer${round}`)));
      single.push(await followed(join(base, `lines${round}`), 20_000, Buffer.from(line), 1));
    }
    return {
      'spool.lines.per.s': median(ours),
      'spool.lines.per.s.peer': median(peer),
      'spool.single.lines.per.s': median(single),
    };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

async function followed(root: string, items: number, bytes: Uint8Array, lines: number): Promise<number> {
  const store = openLogStore(root);
  const key = acceptedAttempt(store, 'succeeded');
  const source = async function* source(from: LogCursor | null): AsyncGenerator<LogItem> {
    for (let index = from === null ? 0 : Number(from); index < items; index += 1) {
      yield {
        kind: 'bytes',
        stream: index % 10 === 0 ? stderr : stdout,
        bytes,
        time: null,
        cursor: String(index + 1) as LogCursor,
      };
    }
  };
  const followers = new LogFollowers({
    store,
    root,
    clock: systemClock,
    logger: quietLogger,
    connections: { open: async () => ({ logs: (_handle, cursor) => source(cursor) }) },
  });
  const begun = performance.now();
  followers.start();
  while (store.logState(key).status !== 'complete') {
    await systemClock.sleep(5, new AbortController().signal);
  }
  const seconds = (performance.now() - begun) / 1000;
  await followers.stop();
  store.dispose();
  rmSync(root, { recursive: true });
  return Math.round((items * lines) / seconds);
}

async function written(path: string): Promise<number> {
  const begun = performance.now();
  const file = await open(path, 'w');
  for (let index = 0; index < chunks; index += 1) {
    await file.write(chunk);
  }
  await file.datasync();
  await file.close();
  const seconds = (performance.now() - begun) / 1000;
  rmSync(path);
  return Math.round((chunks * linesPerChunk) / seconds);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${JSON.stringify(await benchSpool(), null, 2)}\n`);
}

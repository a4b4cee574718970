import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { workFolder } from '../../fixtures/engine/engineParts.ts';
import { acceptedAttempt, openLogStore, spooled } from '../../fixtures/log/logJob.ts';
import { bytesOf, rank1, seededOutput, stderr, stdout } from '../../fixtures/log/output.ts';

const script = fileURLToPath(new URL('../../fixtures/log/followRun.ts', import.meta.url));
const bytes = 4_000_000;

test('a follower that is killed again and again loses nothing and doubles nothing', { timeout: 180_000 }, async () => {
  const work = workFolder();
  const store = openLogStore(work.path);
  try {
    const key = acceptedAttempt(store, 'succeeded');
    const seed = 1 + Math.floor(Math.random() * 1_000_000);
    const seen: number[] = [];
    for (let deaths = 0; ; deaths += 1) {
      const child = spawn(process.execPath, [script, work.path, key.runId, String(seed), String(bytes)], {
        stdio: 'ignore',
      });
      const exit = once(child, 'exit');
      const before = store.logState(key).orderBytes;
      if (deaths < 10) {
        // From the first new record on, at a moment of chance.
        while (store.logState(key).orderBytes === before && child.exitCode === null) {
          await sleep(5);
        }
        await sleep(Math.random() * 60);
        child.kill('SIGKILL');
      }
      const [code] = await exit;
      seen.push(store.logState(key).orderBytes);
      if (code === 0) {
        break;
      }
    }
    const pieces = seededOutput(seed, bytes);
    expect(store.logState(key).status).toBe('complete');
    for (const stream of [stdout, stderr, rank1]) {
      const held = spooled(work.path, key, stream);
      expect(
        held.equals(bytesOf(pieces, stream)),
        `seed ${seed}, ${stream.name}.${stream.node}, ${seen.join(' ')}`,
      ).toBe(true);
    }
    // It went on each time, and did not begin again.
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(3);
  } finally {
    store.dispose();
    work.remove();
  }
});

import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { JobSpec } from '../../src/core/jobSpec.ts';
import type { Abilities, StageProgress } from '../../src/core/provider.ts';
import { isProviderError } from '../../src/core/providerError.ts';
import { type Harness, never, newKey, rejection, specFor, tagOf } from './harness.ts';
import { makeSnapshot } from './snapshot.ts';

/** What a spec asks for that only some backends can do. */
const demands: readonly {
  readonly ability: keyof Abilities;
  readonly field: keyof JobSpec;
  readonly spec: Partial<JobSpec>;
}[] = [
  { ability: 'spot', field: 'spot', spec: { spot: true } },
  { ability: 'multiNode', field: 'nodes', spec: { nodes: 2 } },
  { ability: 'containerImage', field: 'image', spec: { image: 'python:3.13' } },
  { ability: 'regions', field: 'region', spec: { region: 'nowhere-1' } },
];

export function describePlan(harness: Harness): void {
  const plan = (spec: JobSpec, key = newKey()): ReturnType<typeof harness.connection.plan> =>
    harness.connection.plan({ spec, key, snapshotId: harness.snapshot.id, interpreter: null });

  describe('plan', () => {
    it('is the same each time, from any connection, and leaves its input alone', async () => {
      const input = deepFreeze({
        spec: specFor('true', { env: { A: '1' }, secrets: ['API_TOKEN'], outputs: ['out/**'] }),
        key: newKey(),
        snapshotId: harness.snapshot.id,
        interpreter: null,
      });
      const first = harness.connection.plan(input);
      expect(harness.connection.plan(input)).toEqual(first);
      expect((await harness.open()).plan(input)).toEqual(first);
    });

    it('can be stored and shown', () => {
      const key = newKey();
      const planned = plan(specFor('echo hello', { secrets: ['API_TOKEN'] }), key);
      expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
      expect(planned.text).toContain('echo hello');
      expect(planned.text).toContain('API_TOKEN');
      expect(planned.text.toLowerCase()).toContain(key.runId.toLowerCase());
    });

    it('gives no command that would be taken for the submission', () => {
      const key = newKey();
      const { text, language, command } = plan(
        specFor('echo hello', { secrets: ['API_TOKEN'], outputs: ['out/**'] }),
        key,
      );
      expect(command ?? text).toContain('echo hello');
      // What people could run as it is would be taken for it.
      expect(command === undefined && language !== 'json').toBe(false);
      expect((command ?? '').toLowerCase()).not.toContain(key.runId.toLowerCase());
    });

    for (const { ability, field, spec } of demands) {
      if (harness.setup.abilities[ability] === true) {
        it(`takes a spec with ${field}`, () => {
          expect(plan(specFor('true', spec)).text).not.toBe('');
        });
      } else {
        it(`refuses a spec with ${field}, and names it`, () => {
          const error = thrownBy(() => plan(specFor('true', spec)));
          expect(isProviderError(error)).toBe(true);
          expect(error).toMatchObject({ tag: 'unsupported', field });
        });
      }
    }
  });

  describe('stage', () => {
    it('sends nothing of what is there already', async () => {
      const { snapshot, dispose } = await makeSnapshot('sent once');
      try {
        const first = await stageWithProgress(snapshot);
        const total = first.progress.at(-1)?.totalBytes ?? 0;
        expect(total).toBeGreaterThan(0);
        expect(first.progress.at(-1)?.sentBytes).toBe(total);
        const sent = first.progress.map(({ sentBytes }) => sentBytes);
        expect(sent).toEqual(sent.toSorted((a, b) => a - b));
        const second = await stageWithProgress(snapshot);
        expect(second.progress.filter(({ sentBytes, totalBytes }) => sentBytes < totalBytes)).toEqual([]);
        expect(second.staged).toEqual(first.staged);
      } finally {
        await dispose();
      }
    });

    it('can be done by several at once', async () => {
      const { snapshot, dispose } = await makeSnapshot('sent by several');
      try {
        const results = await Promise.all([1, 2, 3].map(async () => stageWithProgress(snapshot)));
        expect(new Set(results.map(({ staged }) => JSON.stringify(staged))).size).toBe(1);
      } finally {
        await dispose();
      }
    });

    it('refuses a snapshot whose bytes were changed', async () => {
      const { snapshot, dispose } = await makeSnapshot('damaged later');
      try {
        const piece = snapshot.pieces[1];
        const path = piece === undefined ? '' : snapshot.piecePath(piece);
        const bytes = await readFile(path);
        bytes[600] = (bytes[600] ?? 0) ^ 1;
        await writeFile(path, bytes);
        expect(tagOf(await rejection(harness.connection.stage(snapshot, never(), () => undefined)))).toBe('invalid');
      } finally {
        await dispose();
      }
    });
  });

  const stageWithProgress = async (
    snapshot: typeof harness.snapshot,
  ): Promise<{ readonly staged: object; readonly progress: readonly StageProgress[] }> => {
    const progress: StageProgress[] = [];
    const staged = await harness.connection.stage(snapshot, never(), (step) => progress.push({ ...step }));
    return { staged, progress };
  };
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

import { describe, expect, it, type TestContext } from 'vitest';
import type { JobOption } from '../../src/core/provider.ts';
import { isProviderError } from '../../src/core/providerError.ts';
import { type Harness, never, newKey, rejection, specFor } from './harness.ts';

export function describeOptions(harness: Harness): void {
  const optionsOf = async (context: TestContext): Promise<readonly JobOption[]> =>
    (await harness.connection.jobOptions?.(never())) ?? context.skip('this provider has no options of its own');
  const planWith = (options: Readonly<Record<string, string>>): ReturnType<typeof harness.connection.plan> =>
    harness.connection.plan({
      spec: specFor('true', { options }),
      key: newKey(),
      snapshotId: harness.snapshot.id,
      interpreter: null,
    });

  describe('jobOptions', () => {
    it('have names that a spec may hold, each once, and say what they are', async (context) => {
      const options = await optionsOf(context);
      const names = options.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)]);
      for (const { name, label, help, choices, mayType } of options) {
        expect(name).toMatch(/^[a-z][A-Za-z0-9]{0,49}$/u);
        expect(label).toMatch(/\S/u);
        expect(help, name).toMatch(/\S/u);
        const values = choices.map(({ value }) => value);
        expect(values, name).toEqual([...new Set(values)]);
        expect(mayType || values.length > 0, `${name} can be given no value`).toBe(true);
      }
    });

    it('have choices that a plan takes and shows', async (context) => {
      for (const { name, choices } of await optionsOf(context)) {
        for (const { value } of choices.slice(0, 3)) {
          expect(planWith({ [name]: value }).text, name).toContain(value);
        }
      }
    });

    it('are not passed over in silence when they are unknown', async (context) => {
      await optionsOf(context);
      const name = 'nobodyHasSuchAnOption';
      let warnings: readonly string[] = [];
      try {
        ({ warnings } = planWith({ [name]: 'x' }));
      } catch (error) {
        expect(isProviderError(error)).toBe(true);
        expect(error).toMatchObject({ field: `options.${name}` });
        return;
      }
      expect(warnings.join('\n')).toContain(name);
    });

    it('are aborted with the reason of the signal', async (context) => {
      await optionsOf(context);
      const reason = new Error('stopped by the test');
      const asking = harness.connection.jobOptions?.(AbortSignal.abort(reason)) ?? Promise.resolve();
      expect(await rejection(asking)).toBe(reason);
    });
  });
}

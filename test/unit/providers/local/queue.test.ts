import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isRunName, type RunName } from '../../../../src/core/runName.ts';
import { nextToStart, type WaitingRun } from '../../../../src/providers/local/supervisor/queue.ts';

function name(index: number): RunName {
  const text = `01${String(index).padStart(24, '0')}.1`;
  return isRunName(text) ? text : expect.fail(text);
}

const run = (index: number, accelerator: WaitingRun['accelerator'] = null): WaitingRun => ({
  name: name(index),
  submittedAt: index,
  accelerator,
});
const h100 = (count: number): WaitingRun['accelerator'] => ({ name: 'H100', count });

describe('whose turn it is', () => {
  it('goes by submission', () => {
    const grants = nextToStart([run(3), run(1), run(2)], { slots: 2, devices: new Map() });
    expect(grants.map((grant) => grant.name)).toEqual([name(1), name(2)]);
  });

  it('lets a big job at the head hold its kind back, and no other', () => {
    const waiting = [run(1, h100(4)), run(2, h100(1)), run(3), run(4, { name: 'A10', count: 1 })];
    const devices = new Map([
      ['H100', ['0', '1']],
      ['A10', ['2']],
    ]);
    expect(nextToStart(waiting, { slots: 1, devices })).toEqual([
      { name: name(3), devices: [] },
      { name: name(4), devices: ['2'] },
    ]);
  });

  it('never grants more than there is, and no device twice', () => {
    const waiting = fc.array(fc.option(fc.integer({ min: 1, max: 4 })), { maxLength: 20 });
    fc.assert(
      fc.property(waiting, fc.nat(4), fc.nat(8), (counts, slots, devices) => {
        const ids = Array.from({ length: devices }, (_, index) => String(index));
        const runs = counts.map((count, index) => run(index, count === null ? null : h100(count)));
        const grants = nextToStart(runs, { slots, devices: new Map([['H100', ids]]) });
        const granted = grants.flatMap((grant) => grant.devices);
        expect(new Set(granted).size).toBe(granted.length);
        expect(granted.every((id) => ids.includes(id))).toBe(true);
        expect(grants.filter((grant) => grant.devices.length === 0).length).toBeLessThanOrEqual(slots);
        for (const grant of grants.filter(({ devices: own }) => own.length > 0)) {
          const earlier = runs.filter((other) => other.accelerator !== null && other.name < grant.name);
          expect(earlier.every((other) => grants.some((given) => given.name === other.name))).toBe(true);
        }
      }),
    );
  });
});

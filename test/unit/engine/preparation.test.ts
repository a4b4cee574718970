import { describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../src/core/accelerator.ts';
import type { JobSpec } from '../../../src/core/jobSpec.ts';
import type { OfferQuery } from '../../../src/core/offer.ts';
import type { Connection } from '../../../src/core/provider.ts';
import { Preparation } from '../../../src/engine/preparation.ts';
import { never, rejection, specFor } from '../../conformance/harness.ts';
import { offer } from '../../fixtures/editor/formEngine.ts';
import { connectionId, connectionsOf } from '../../fixtures/engine/engineParts.ts';
import { ManualClock } from '../../fixtures/engine/manualClock.ts';

const accelerator = { name: 'L4' as AcceleratorName, count: 1 };

/** A cloud that lists one region by itself, has another, and has no third. */
function place(more: Partial<JobSpec>): ReturnType<Preparation['place']> {
  const offers = async ({ region = 'usual-1' }: OfferQuery) =>
    region === 'usual-1' || region === 'other-1'
      ? [offer({ connectionId: connectionId('a'), accelerator: 'L4' as AcceleratorName, count: 1, region })]
      : [];
  const cloud: Pick<Connection, 'offers'> = { offers };
  const preparation = new Preparation({
    root: '',
    connections: connectionsOf(new Map([['a', cloud as Connection]])),
    clock: new ManualClock(),
    maxFileBytes: () => 0,
  });
  return preparation.place(specFor('true', { accelerator, ...more }), never());
}

describe('the place of a job', () => {
  it.each([null, 'usual-1', 'other-1'])(
    'is found for region %s, also where the connection does not list it',
    async (region) => {
      expect((await place({ region })).info.id).toBe('a');
    },
  );

  it('that is wanted in a region which does not have it is refused for that', async () => {
    expect(await rejection(place({ region: 'third-1' }))).toMatchObject({
      tag: 'unsupported',
      field: 'region',
      message: 'Cloud a does not have 1 L4 in third-1.',
      remedy: expect.stringContaining('another region'),
    });
    expect(await rejection(place({ accelerator: { ...accelerator, count: 9 } }))).toMatchObject({
      field: 'accelerator',
      message: 'Cloud a does not have 9 L4.',
    });
  });
});

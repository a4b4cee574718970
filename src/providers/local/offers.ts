import type { ConnectionId, EpochMs } from '../../core/job.ts';
import type { Offer, OfferQuery } from '../../core/offer.ts';
import { ProviderError } from '../../core/providerError.ts';
import type { Device } from './accelerators/device.ts';
import type { Discovery } from './accelerators/discovery.ts';
import type { SupervisorReply } from './message.ts';

export interface OfferContext {
  readonly connectionId: ConnectionId;
  readonly slots: number;
  readonly asOf: EpochMs;
}

/** What this machine can give: CPUs alone, and each accelerator in every count there is. */
export function offersOf(
  query: OfferQuery,
  devices: readonly Device[],
  busy: SupervisorReply,
  { connectionId, slots, asOf }: OfferContext,
): Offer[] {
  if (query.region !== undefined) {
    return [];
  }
  const here = { connectionId, region: null, priceUsdPerHour: 0, spotPriceUsdPerHour: null, asOf } as const;
  const freeSlots = Math.max(0, slots - busy.busySlots);
  const cpu: Offer = {
    ...here,
    accelerator: null,
    count: 0,
    memoryGib: null,
    freeNow: freeSlots,
    likelihood: freeSlots > 0 ? 'now' : 'wait',
    note: `${freeSlots} of ${slots} slots free`,
  };
  const accelerated = [...Map.groupBy(devices, (device) => device.name)].flatMap(([name, alike]) => {
    const free = alike.filter((device) => !busy.busyDevices.includes(device.id)).length;
    return alike.map((device, index): Offer => {
      const count = index + 1;
      const freeNow = Math.floor(free / count);
      return {
        ...here,
        accelerator: name,
        count,
        memoryGib: device.memoryGib,
        freeNow,
        total: alike.length,
        likelihood: freeNow > 0 ? 'now' : 'wait',
        note: `${free} of ${alike.length} free`,
      };
    });
  });
  return query.accelerator === undefined
    ? [cpu, ...accelerated]
    : accelerated.filter((offer) => offer.accelerator === query.accelerator);
}

/** Throws `unsupported`, saying what there is, when the machine could never give it. */
export async function refuseUnavailable(
  wanted: { readonly name: string; readonly count: number } | null,
  discover: () => Promise<Discovery>,
): Promise<void> {
  if (wanted === null) {
    return;
  }
  const { devices, problems } = await discover();
  const there = devices.filter((device) => device.name === wanted.name).length;
  if (there < wanted.count) {
    const counts = [...Map.groupBy(devices, (device) => device.name)].map(
      ([name, alike]) => `${alike.length} x ${name}`,
    );
    throw new ProviderError('unsupported', `This machine has no ${wanted.count} x ${wanted.name}.`, {
      field: there === 0 ? 'accelerator.name' : 'accelerator.count',
      remedy:
        counts.length === 0 ? 'It has no accelerator; run on its CPUs, or elsewhere.' : `It has ${counts.join(', ')}.`,
      ...(problems.length === 0 ? {} : { raw: problems.join('\n') }),
    });
  }
}

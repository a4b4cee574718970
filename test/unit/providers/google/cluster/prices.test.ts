import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AcceleratorName } from '../../../../../src/core/accelerator.ts';
import type { Offer } from '../../../../../src/core/offer.ts';
import type { Connection } from '../../../../../src/core/provider.ts';
import { never } from '../../../../conformance/harness.ts';
import { apiDisabled } from '../../../../emulators/google/apiError.ts';
import type { Sku } from '../../../../emulators/google/http/projectApi.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

const region = 'us-central1';
const sku = (what: string, hourly: number, more: Partial<Sku> = {}): Sku => ({
  description: `Vertex AI: Training/Pipelines ${what} in Iowa`,
  region,
  usageType: 'OnDemand',
  hourly,
  ...more,
});
const ram = { unit: 'GiBy.h' } as const;

/** What an a3-highgpu-8g was billed as in 2025, from a published bill: 8 H100, 208 vCPUs, 1,872 GiB. */
const h100: readonly Sku[] = [
  sku('on NVIDIA H100 80GB', 11.2660332),
  sku('on A3 Instance Core', 0.0293227),
  sku('on A3 Instance RAM', 0.0025534, ram),
  sku('management fee on NVIDIA H100 80GB', 1.4694826),
  sku('management fee on A3 Instance Core', 0.0038247),
  sku('management fee on A3 Instance RAM', 0.0003331, ram),
];
/** The same things in other words, as the list has them for older machines. */
const t4: readonly Sku[] = [
  sku('on Nvidia Tesla T4 GPU running', 0.4025),
  sku('on N1 Predefined Instance Core running', 0.0363),
  sku('on N1 Predefined Instance Ram running', 0.0049, ram),
];
const others: readonly Sku[] = [
  sku('on NVIDIA H100 80GB', 3, { usageType: 'Preemptible' }),
  sku('on NVIDIA H100 80GB', 9, { region: 'europe-west4' }),
  { ...sku('', 99), description: 'Vertex AI: Online/Batch Prediction Nvidia H100 80gb GPU running in Iowa' },
];

let lab: GoogleLab;
let now: number;
let connection: Connection;

beforeEach(async () => {
  lab = await GoogleLab.start();
  now = 1_700_000_000_000;
  const { clock } = testPorts('google');
  connection = lab.open({ clock: { now: () => now, sleep: async (ms, signal) => clock.sleep(ms, signal) } });
});

afterEach(async () => lab.stop());

async function offer(accelerator: string, count: number, where = region): Promise<Offer | undefined> {
  const offers = await connection.offers({ accelerator: accelerator as AcceleratorName, region: where }, never());
  return offers.find((each) => each.count === count);
}

const asked = (): number => lab.google.control.requests.filter(({ method }) => method === 'skus.list').length;

describe('prices of Google Cloud', () => {
  it('are the sum of what Vertex AI bills, and for spot what it adds to the price of the machine', async () => {
    lab.google.control.skus = [...others, ...h100, ...t4];
    const { spotPriceUsdPerHour: spot } = (await offer('H100', 8)) ?? {};
    expect(await offer('H100', 8)).toMatchObject({
      priceUsdPerHour: 101.0074,
      note: expect.stringContaining('spot VM'),
    });
    expect(await offer('T4', 1)).toMatchObject({ priceUsdPerHour: 0.6212 });
    lab.google.control.skus = [];
    now += 25 * 3_600_000;
    const catalogued = await offer('H100', 8);
    expect(spot).toBeCloseTo((catalogued?.spotPriceUsdPerHour ?? 0) + 13.175, 3);
    expect(catalogued?.note).toMatch(/(?<!spot )VM price of \d{4}/u);
  });

  it('are asked for once a day, however many there are', async () => {
    const filler = Array.from({ length: 7000 }, (_, index) => sku(`on thing ${index}`, 1));
    lab.google.control.skus = [...filler, ...h100];
    await offer('H100', 8);
    expect(await offer('H100', 8)).toMatchObject({ priceUsdPerHour: 101.0074 });
    expect(asked()).toBe(2);
    now += 23 * 3_600_000;
    await offer('H100', 8);
    expect(asked()).toBe(2);
    now += 3_600_000;
    await offer('H100', 8);
    expect(asked()).toBe(4);
  });

  it('are the catalogue’s where a part is missing, or the list may not be read or cannot be understood', async () => {
    const listed = await offer('H100', 8);
    const { control, project } = lab.google;
    control.skus = h100.filter(({ description }) => !description.includes('RAM'));
    now += 25 * 3_600_000;
    expect(await offer('H100', 8)).toMatchObject({ priceUsdPerHour: listed?.priceUsdPerHour, note: listed?.note });
    control.skus = h100;
    control.refuse('cloudbilling', apiDisabled('cloudbilling.googleapis.com', project.number));
    now += 25 * 3_600_000;
    expect((await offer('H100', 8))?.note).toBe(listed?.note);
    control.refuse('cloudbilling', null);
    for (const body of ['<html>', '{"skus":[{"description":1}]}']) {
      control.addFault({ on: { api: 'cloudbilling' }, kind: 'answer', code: 200, contentType: 'text/html', body });
      now += 16 * 60_000;
      expect((await offer('H100', 8))?.note).toBe(listed?.note);
    }
    now += 16 * 60_000;
    expect(await offer('H100', 8)).toMatchObject({ priceUsdPerHour: 101.0074 });
  });

  it('place machines in regions that the catalogue does not know', async () => {
    expect(await offer('H100', 8, 'me-west1')).toBeUndefined();
    lab.google.control.skus = h100.map((each) => ({ ...each, region: 'me-west1' }));
    now += 25 * 3_600_000;
    expect(await offer('H100', 8, 'me-west1')).toMatchObject({ priceUsdPerHour: 101.0074, spotPriceUsdPerHour: null });
  });
});

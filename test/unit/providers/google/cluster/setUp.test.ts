import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setUpGoogle } from '../../../../../src/providers/google/setUp.ts';
import { parseSettings } from '../../../../../src/providers/google/settings.ts';
import { apiDisabled } from '../../../../emulators/google/apiError.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import type { Ask } from '../../../../../src/core/ask.ts';
import { Answers, nobody } from '../../../../fixtures/ask.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

let lab: GoogleLab;

beforeEach(async () => {
  lab = await GoogleLab.start({ project: 'ada-lab', buckets: ['ada-old'] });
});

afterEach(async () => lab.stop());

const setUp = async (
  ...answers: readonly (string | undefined)[]
): Promise<[Answers, ReturnType<typeof setUpGoogle>]> => {
  const ask = new Answers(...answers);
  const endpoints = parseSettings(lab.settings).endpoints;
  const made = setUpGoogle({ ...testPorts('google'), ask }, never(), endpoints);
  await made.catch(() => undefined);
  return [ask, made];
};

describe('setting up Google Cloud', () => {
  it('asks three things, and makes the bucket on request', async () => {
    const [ask, made] = await setUp('ada-lab', 'europe-west4', '+');
    const connection = await made;
    expect(ask.asked).toHaveLength(3);
    expect(connection).toMatchObject({
      label: 'ada-lab',
      settings: { project: 'ada-lab', bucket: 'ada-lab-aloft-europe-west4' },
    });
    expect(parseSettings(connection?.settings ?? {}).regions[0]).toBe('europe-west4');
    expect(lab.google.control.buckets.all().map(({ name }) => name)).toContain('ada-lab-aloft-europe-west4');
    // What is deleted there is gone: secrets lie in it.
    expect(lab.google.control.buckets.get('ada-lab-aloft-europe-west4').softDeleteSeconds).toBe(0);
  });

  it('says of a bucket that is there how long deleted secrets can be restored', async () => {
    const { buckets } = lab.google.control;
    buckets.create('ada-clean', 'US', {}, 0);
    const described = new Map<string, string | undefined>();
    const ask: Ask = {
      ...nobody,
      choose: async ({ choices }) => {
        choices.forEach(({ value, description }) => described.set(value, description));
        return described.has('ada-old') ? undefined : described.size === 1 ? 'ada-lab' : 'us-central1';
      },
    };
    await setUpGoogle({ ...testPorts('google'), ask }, never(), parseSettings(lab.settings).endpoints);
    expect(described.get('ada-old')).toBe('us, deleted secrets can be restored for 7 days');
    expect(described.get('ada-clean')).toBe('us');
  });

  it('takes a bucket that is there, and goes away with the person', async () => {
    const [, made] = await setUp('ada-lab', 'us-central1', 'gs://ada-old');
    expect(await made).toMatchObject({ settings: { bucket: 'ada-old' } });
    for (const answers of [[undefined], ['ada-lab', undefined], ['ada-lab', 'us-central1', undefined]]) {
      const [, gone] = await setUp(...answers);
      expect(await gone).toBeUndefined();
    }
  });

  it('says before the first question that nobody is signed in, and which API is off', async () => {
    const { control, project } = lab.google;
    control.refuse('aiplatform', apiDisabled('aiplatform.googleapis.com', project.number));
    const [, off] = await setUp('ada-lab', 'us-central1', 'ada-old');
    expect(await rejection(off)).toMatchObject({
      remedy: expect.stringContaining('gcloud services enable aiplatform.googleapis.com --project ada-lab'),
    });
    control.refuseSignIn();
    const [ask, refused] = await setUp();
    expect(await rejection(refused)).toMatchObject({ tag: 'auth', remedy: expect.stringContaining('gcloud auth') });
    expect(ask.asked).toEqual([]);
  });
});

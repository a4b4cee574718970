import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../../../src/providers/google/client/endpoint.ts';
import { parseSettings } from '../../../../src/providers/google/settings.ts';

const settings = { project: 'ada-lab', regions: ['us-central1', 'europe-west4'], bucket: 'ada-lab-aloft' };

describe('settings of a Google Cloud connection', () => {
  it('are read', () => {
    expect(parseSettings(settings)).toEqual({ ...settings, endpoints: {} });
  });

  it.each([
    [{ ...settings, project: 'Ada Lab' }, 'project'],
    [{ ...settings, regions: [] }, 'regions'],
    [{ ...settings, regions: ['../x'] }, 'regions.0'],
    [{ ...settings, bucket: 'a/b' }, 'bucket'],
    [{ ...settings, endpoints: { storage: 'http://storage.example' } }, 'endpoints.storage'],
    [{ ...settings, endpoints: { storage: 'https://u:p@storage.example' } }, 'endpoints.storage'],
  ])('are refused with the name of the field at fault: %j', (wrong, field) => {
    expect(() => parseSettings(wrong)).toThrow(expect.objectContaining({ tag: 'invalid', field }));
  });

  it('say where an API is reached', () => {
    expect(endpointOf({}, 'aiplatform', 'us-central1').origin).toBe('https://us-central1-aiplatform.googleapis.com');
    expect(endpointOf({}, 'storage')).toMatchObject({ host: 'storage.googleapis.com', port: 443, isEncrypted: true });
    const { endpoints } = parseSettings({
      ...settings,
      endpoints: { aiplatform: 'https://{region}-aiplatform-lab.p.googleapis.com', storage: 'http://127.0.0.1:8080' },
    });
    expect(endpointOf(endpoints, 'aiplatform', 'europe-west4').host).toBe(
      'europe-west4-aiplatform-lab.p.googleapis.com',
    );
    expect(endpointOf(endpoints, 'storage')).toMatchObject({ host: '127.0.0.1', port: 8080, isEncrypted: false });
  });

  it.each(['evil.example/', 'us-central1.evil.example#', 'a@evil.example', 'us-central1\n', '..', '', 'US-central1'])(
    'lead to no other host by what stands for the region: %j',
    (region) => {
      const { endpoints } = parseSettings({ ...settings, endpoints: { logging: 'https://{region}.p.example' } });
      for (const api of ['aiplatform', 'logging'] as const) {
        expect(() => endpointOf(endpoints, api, region)).toThrow(
          expect.objectContaining({ tag: 'invalid', field: 'region' }),
        );
      }
    },
  );
});

import { describe, expect, it } from 'vitest';
import { cloudOf } from '../../../../src/providers/azure/cloud.ts';
import { parseSettings } from '../../../../src/providers/azure/settings.ts';

const least = { subscription: '00000000-1111-2222-3333-444444444444', resourceGroup: 'lab', workspace: 'vision' };

describe('the settings of a connection', () => {
  it('need a subscription, a resource group and a workspace', () => {
    expect(parseSettings(least)).toEqual(least);
    expect(() => parseSettings({ ...least, workspace: undefined as unknown as null })).toThrow('"workspace"');
  });

  it.each([
    { subscription: 'x/../y' },
    { resourceGroup: 'a/b' },
    { workspace: '../other' },
    { tenant: '-x; rm' },
    { compute: 'a b' },
    { apiVersion: 'latest' },
    { credential: 'password' },
    { endpoints: { resourceManager: 'http://azure.example' } },
    { endpoints: { resourceManager: 'https://me@azure.example' } },
    { endpoints: { blob: 'file:///etc' } },
  ])('refuse %o', (more) => {
    expect(() => parseSettings({ ...least, ...more })).toThrow('not usable');
  });

  it('take other endpoints, and those of this machine without encryption', () => {
    const settings = parseSettings({
      ...least,
      endpoints: { resourceManager: 'http://127.0.0.1:8080/', blob: 'http://127.0.0.1:9/{account}' },
    });
    expect(cloudOf(settings)).toMatchObject({
      resourceManager: 'http://127.0.0.1:8080',
      blob: 'http://127.0.0.1:9/{account}',
      studio: 'https://ml.azure.com',
    });
  });
});

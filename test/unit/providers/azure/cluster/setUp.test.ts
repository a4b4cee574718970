import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Ask, Choice } from '../../../../../src/core/ask.ts';
import type { AccountAsking, Accounts } from '../../../../../src/core/ports.ts';
import type { JsonObject, NewConnection } from '../../../../../src/core/provider.ts';
import { signInAgain } from '../../../../../src/editor/connections/tryConnection.ts';
import { UsedConnection } from '../../../../../src/editor/connections/usedConnection.ts';
import { setUpWorkspace } from '../../../../../src/providers/azure/setUp/setUp.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { testPorts } from '../../../../emulators/scripted/testPorts.ts';
import { AzureLab } from '../../../../fixtures/azure/lab.ts';
import { nobody } from '../../../../fixtures/ask.ts';

let lab: AzureLab;

beforeAll(async () => {
  lab = await AzureLab.start();
}, 60_000);

afterEach(() => {
  lab.control.refuseAz(null);
  lab.control.clearFaults();
});

afterAll(async () => {
  await lab.stop();
}, 60_000);

interface Asked {
  readonly title: string;
  readonly labels: readonly string[];
}

/** Somebody who takes the first choice that has one of these words in it, question by question. */
function somebody(...words: readonly (string | undefined)[]): { readonly ask: Ask; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const text = ({ label, description = '', detail = '' }: Choice): string => `${label} ${description} ${detail}`;
  return {
    asked,
    ask: {
      ...nobody,
      choose: async ({ title, choices }) => {
        const word = words[asked.length];
        asked.push({ title, labels: choices.map(({ label }) => label) });
        return word === undefined ? undefined : choices.find((choice) => text(choice).includes(word))?.value;
      },
    },
  };
}

async function setUp(ask: Ask, accounts?: Accounts): Promise<NewConnection | undefined> {
  const { clock, logger } = testPorts('azure');
  const where = { endpoints: { resourceManager: lab.azure.url, blob: lab.azure.blobUrl } };
  return setUpWorkspace({ ask, accounts, clock, logger }, never(), where);
}

const vision = (): object => ({ ...lab.settings, credential: undefined });

describe('setUp', () => {
  it('asks for the workspace alone, of all subscriptions, and makes a connection that works', async () => {
    const { ask, asked } = somebody('vision');
    const made = await setUp(ask);
    expect(made).toEqual({ label: 'vision', settings: vision() });
    expect(asked).toEqual([
      { title: 'Azure: which workspace?', labels: ['teaching', 'vision', 'Another tenant or subscription…'] },
    ]);
    const connection = lab.open(made?.settings);
    expect((await connection.offers({}, never())).length).toBeGreaterThan(3);
    expect(await connection.identity(never())).toMatchObject({ account: 'ada@lab.example' });
  });

  it('asks where jobs run where there are clusters', async () => {
    lab.control.addCompute({ name: 'a100', vmSize: 'Standard_NC24ads_A100_v4' }, lab.control.workspaces[1]);
    const { ask, asked } = somebody('teaching', 'a100');
    expect(await setUp(ask)).toMatchObject({ label: 'teaching', settings: { workspace: 'teaching', compute: 'a100' } });
    expect(asked.map(({ title }) => title)).toEqual(['Azure: which workspace?', 'Azure: where do jobs usually run?']);
    expect(asked[1]?.labels).toEqual(['Serverless', 'a100']);
  });

  it('goes by tenant and subscription where the person wants to, and takes what is in no list', async () => {
    const byList = somebody('Another', 'Vision Lab', 'Teaching', 'teaching', 'Serverless');
    expect(await setUp(byList.ask)).toMatchObject({ label: 'teaching', settings: { workspace: 'teaching' } });
    expect(byList.asked.map(({ title }) => title).slice(1, 4)).toEqual([
      'Azure: which tenant?',
      'Azure: which subscription?',
      'Azure: which workspace?',
    ]);
    const typed = ['elsewhere', lab.azure.tenant, lab.azure.subscription, 'lab/vision'];
    const byHand: Ask = { ...nobody, choose: async () => typed.shift() };
    expect(await setUp(byHand)).toEqual({ label: 'vision', settings: vision() });
  });

  it('refuses what is typed and cannot be', async () => {
    const typed = (...answers: string[]): Ask => ({ ...nobody, choose: async () => answers.shift() });
    const { tenant, subscription } = lab.azure;
    for (const answers of [['no tenant'], [tenant, 'mine'], [tenant, subscription, 'vision']]) {
      expect(await rejection(setUp(typed('elsewhere', ...answers)))).toMatchObject({ tag: 'invalid' });
    }
  });

  it('says what could not be looked into, and takes no workspace unasked because it is the only one', async () => {
    const asked: (readonly Choice[])[] = [];
    const ask: Ask = {
      ...nobody,
      choose: async ({ choices }) => {
        asked.push(choices);
        return undefined;
      },
    };
    lab.control.addFault({
      on: {
        path: new RegExp(`${lab.azure.subscription}/providers/Microsoft.MachineLearningServices/workspaces$`, 'u'),
      },
      kind: 'answer',
      code: 403,
      contentType: 'application/json',
      body: '{"error":{"code":"AuthorizationFailed","message":"Not for you."}}',
      times: 1,
    });
    expect(await setUp(ask)).toBeUndefined();
    expect(asked[0]?.map(({ label }) => label)).toEqual(['teaching', 'Another tenant or subscription…']);
    expect(asked[0]?.at(-1)?.detail).toContain('Not for you.');
  });

  it('is over when the person goes away from any question', async () => {
    expect(await setUp(somebody(undefined).ask)).toBeUndefined();
    expect(await setUp(somebody('teaching', undefined).ask)).toBeUndefined();
  });

  it('asks how to sign in where nothing is, and signs in by the editor', async () => {
    lab.control.signOut();
    const wishes: AccountAsking[] = [];
    const accounts: Accounts = {
      token: async ({ asking }) => {
        wishes.push(asking);
        return asking !== 'never' || wishes.length > 2
          ? { token: lab.azure.token(), expiresAt: Date.now() + 3_600_000 }
          : null;
      },
    };
    const { ask, asked } = somebody('Microsoft account', 'vision');
    // What was chosen is kept, though another way may work some day.
    expect(await setUp(ask, accounts)).toMatchObject({ label: 'vision', settings: { credential: 'editor' } });
    expect(asked[0]?.labels).toEqual(['Microsoft account', 'Azure CLI', 'Managed identity']);
    expect(wishes.slice(0, 2)).toEqual(['never', 'ifNone']);
  });

  it('is over without an error when the person goes away from signing in to another tenant', async () => {
    lab.control.signOut();
    const token = { token: lab.azure.token(), expiresAt: Date.now() + 3_600_000 };
    const asked: (string | undefined)[] = [];
    const accounts: Accounts = {
      token: async ({ tenant, asking }) => {
        asked.push(...(asking === 'never' ? [] : [tenant]));
        return tenant === undefined ? token : null;
      },
    };
    const typed = ['elsewhere', 'other.example'];
    expect(await setUp({ ...nobody, choose: async () => typed.shift() }, accounts)).toBeUndefined();
    expect(asked).toEqual(['other.example']);
  });

  it('keeps to Azure CLI where that was chosen', async () => {
    lab.control.signOut();
    const chosen: Ask = {
      ...nobody,
      choose: async ({ choices }) => {
        // In a terminal the person does what the choice says.
        lab.control.refuseAz(null);
        return choices.find(({ label }) => /Azure CLI|vision/u.test(label))?.value;
      },
    };
    expect(await setUp(chosen)).toMatchObject({ label: 'vision', settings: { credential: 'cli' } });
  });

  it('says what to run when the way that was chosen does not work', async () => {
    lab.control.signOut();
    const { ask, asked } = somebody('Azure CLI');
    expect(await rejection(setUp(ask))).toMatchObject({ tag: 'auth', remedy: 'Run: az login' });
    expect(asked[0]?.labels).toEqual(['Azure CLI', 'Managed identity']);
  });

  it('says what is missing where there is no subscription or no workspace', async () => {
    const empty = { kind: 'answer', code: 200, contentType: 'application/json', body: '{"value":[]}' } as const;
    lab.control.addFault({ on: { path: /^\/subscriptions$/u }, ...empty, times: 10 });
    expect(await rejection(setUp(nobody))).toMatchObject({
      tag: 'notFound',
      remedy: expect.stringContaining('az login --tenant'),
    });
    lab.control.clearFaults();
    lab.control.addFault({ on: { path: /\/workspaces$/u }, ...empty, times: 10 });
    expect(await rejection(setUp(nobody))).toMatchObject({
      tag: 'notFound',
      remedy: expect.stringContaining('https://ml.azure.com'),
    });
  });
});

describe('a connection whose sign-in in the editor has ended', () => {
  it('says what to choose, asks nobody by itself, and works once the person has signed in again', async () => {
    let isSignedIn = false;
    const asked: AccountAsking[] = [];
    const accounts: Accounts = {
      token: async ({ asking }) => {
        asked.push(asking);
        isSignedIn ||= asking !== 'never';
        return isSignedIn ? { token: lab.azure.token(), expiresAt: Date.now() + 3_600_000 } : null;
      },
    };
    const used = new UsedConnection(
      lab.open({ credential: 'editor' }, { ...testPorts('azure', lab.azure.folder), accounts }),
    );
    const { connection } = used;
    expect(await rejection(connection.identity(never()))).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('Sign In Again'),
    });
    expect(asked).toEqual(['never']);
    const steps: string[] = [];
    expect(await signInAgain(connection, never(), (step) => steps.push(step))).toBe(true);
    expect(steps).toEqual(['Signing in']);
    expect(await connection.identity(never())).toMatchObject({ account: 'ada@lab.example' });
    expect(asked).toEqual(['never', 'anew']);
  });

  it('is no error when the person goes away, in set-up neither', async () => {
    lab.control.signOut();
    const accounts: Accounts = { token: async () => null };
    const connection = lab.open({ credential: 'editor' }, { ...testPorts('azure', lab.azure.folder), accounts });
    expect(await signInAgain(connection, never(), () => undefined)).toBe(false);
    expect(await setUp(somebody('Microsoft account').ask, accounts)).toBeUndefined();
    const failing: Accounts = { token: async () => Promise.reject(new Error('AADSTS53003: Access has been blocked.')) };
    const error = await rejection(setUp(somebody('Microsoft account').ask, failing));
    expect(error).toMatchObject({ tag: 'auth', raw: expect.stringContaining('AADSTS53003') });
  });

  it('is left alone where its provider has no way to ask', async () => {
    const steps: string[] = [];
    expect(await signInAgain({}, never(), (step) => steps.push(step))).toBe(true);
    expect(steps).toEqual([]);
  });
});

describe('offers', () => {
  it('have prices and quotas of the region, and say what a quota allows', async () => {
    const connection = lab.open();
    const offers = await connection.offers({}, never());
    const t4 = offers.find(({ accelerator, count }) => accelerator === 'T4' && count === 1);
    expect(t4).toMatchObject({
      region: 'eastus',
      priceUsdPerHour: 0.526,
      note: expect.stringMatching(/^quota for \d+$/u),
    });
    expect(await connection.offers({ region: 'mars' }, never())).toEqual([]);
    const cluster = lab.open({ compute: 'gpu' });
    lab.control.addCompute({ name: 'gpu', vmSize: 'Standard_NC4as_T4_v3' });
    const onCluster = (await cluster.offers({}, never())).find(({ accelerator }) => accelerator === 'T4');
    expect(onCluster?.note).toBe('gpu grows to 4');
  });

  it('are given without what may not be read', async () => {
    lab.control.deny(/locations|computes/u);
    try {
      const offers = await lab.open().offers({}, never());
      expect(offers.find(({ accelerator }) => accelerator === 'H100')).toMatchObject({
        note: 'quota unknown',
        priceUsdPerHour: null,
      });
    } finally {
      lab.control.deny(null);
    }
  });

  it('make options for jobs', async () => {
    const options = await lab.open().jobOptions?.(never());
    expect(options?.find(({ name }) => name === 'compute')?.choices.map(({ value }) => value)).toContain('serverless');
    const identities = async (settings: JsonObject): Promise<readonly string[]> =>
      ((await lab.open(settings).jobOptions?.(never())) ?? [])
        .filter(({ name }) => name === 'identity')
        .flatMap(({ choices }) => choices.map(({ value }) => value));
    expect(await identities({})).toEqual(['user', 'workspace']);
    expect(await identities({ compute: 'gpu' })).toEqual(['user', 'managed', 'workspace']);
    const environments = options?.find(({ name }) => name === 'environment')?.choices ?? [];
    const curated = environments.filter(({ description }) => description === 'Curated by Microsoft');
    expect(curated.map(({ value }) => value)).toEqual(
      ['acpt-pytorch-2.2-cuda12.1', 'acpt-pytorch-2.8-cuda12.6', 'sklearn-1.5', 'tensorflow-2.16-cuda12'].map(
        (name) => `azureml://registries/azureml/environments/${name}/labels/latest`,
      ),
    );
    const sizes = options?.find(({ name }) => name === 'instanceType')?.choices ?? [];
    const described = (size: string): string => sizes.find(({ value }) => value === size)?.description ?? '';
    expect(described('Standard_NC4as_T4_v3')).toMatch(
      /^T4, 4 vCPUs, 28 GB, \$\d\.\d\d\/h, \$\d\.\d\d\/h as spot, quota for \d+$/u,
    );
    lab.control.addFault({
      on: { path: /^\/registrymanagement\// },
      kind: 'answer',
      code: 503,
      contentType: 'text/html',
      body: 'busy',
      times: 9,
    });
    const without = await lab.open().jobOptions?.(never());
    expect(without?.find(({ name }) => name === 'environment')?.choices).toEqual([]);
    expect(without?.find(({ name }) => name === 'instanceType')?.choices).toEqual(sizes);
    expect(described('Standard_DS3_v2')).toMatch(/^4 vCPUs, 14 GB, \$\d\.\d\d\/h, .*quota for \d+$/u);
  });
});

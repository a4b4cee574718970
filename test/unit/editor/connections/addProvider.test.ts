import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { ProviderPorts } from '../../../../src/core/ports.ts';
import type { Connection, NewConnection, Provider } from '../../../../src/core/provider.ts';
import { ProviderError } from '../../../../src/core/providerError.ts';
import {
  addProvider,
  type AddProviderDeps,
  type KnownConnections,
  type Next,
} from '../../../../src/editor/connections/addProvider.ts';
import { idFor } from '../../../../src/editor/connections/editConnections.ts';
import type { ProviderEntry } from '../../../../src/editor/connections/providerCatalog.ts';
import type { SavedConnection } from '../../../../src/editor/connections/savedConnections.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { scriptedAbilities } from '../../../emulators/scripted/request.ts';
import { scriptedConnection } from '../../../emulators/scripted/scriptedConnection.ts';
import { Answers } from '../../../fixtures/ask.ts';
import { memorySecrets } from '../../../fixtures/editor/memorySecrets.ts';
import { MemoryValues } from '../../../fixtures/editor/memoryValues.ts';
import { connectionId, quietLogger } from '../../../fixtures/engine/engineParts.ts';

const entry: ProviderEntry = {
  id: 'slurm',
  label: 'Slurm',
  abilities: scriptedAbilities,
  setUp: { icon: 'server', needs: 'a host' },
  load: async () => await Promise.reject(new Error('not this way')),
};

type Trial = 'well' | 'refused' | 'cancelled';

interface Options {
  /** How each test of the connection goes. */
  readonly trials?: Trial[];
  /** What the person says to each failure. */
  readonly next?: Next[];
  /** What the provider's questions come to, one by one. */
  readonly setUps?: (NewConnection | undefined | Error)[];
  readonly known?: Partial<KnownConnections>;
  /** The person chooses no kind. */
  readonly isAway?: boolean;
  readonly save?: AddProviderDeps['save'];
}

const lab: NewConnection = { label: 'lab', settings: { host: 'login1' } };
const other: NewConnection = { label: 'other', settings: { host: 'login2' } };

async function setup(options: Options) {
  const { trials = ['well'], next = [], setUps = [lab], known = {}, isAway = false } = options;
  const root = join(await mkdtemp(join(tmpdir(), 'aloft-add-')), 'connection');
  onTestFinished(async () => {
    await rm(dirname(root), { recursive: true, force: true });
  });
  const { secrets, kept } = memorySecrets();
  const values = new MemoryValues();
  const saved: { readonly connection: SavedConnection; readonly open: Connection | undefined }[] = [];
  const failures: string[] = [];
  const choices: string[] = [];
  const steps: string[] = [];
  const closed: string[] = [];
  const opened: Connection[] = [];
  const provider: Provider = {
    id: 'slurm',
    label: 'Slurm',
    abilities: scriptedAbilities,
    setUp: async () => {
      const answer = setUps.shift();
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    },
    connect: (settings, ports) => {
      const { connection } = scriptedConnection(ports, 'named');
      const trial = trials.shift();
      connection.identity = async (signal) => {
        await keepThings(ports);
        if (trial === 'refused') {
          throw new ProviderError('auth', 'Permission denied (publickey).', { remedy: 'Add your key.' });
        }
        if (trial === 'cancelled') {
          throw new DOMException('Cancelled', 'AbortError');
        }
        signal.throwIfAborted();
        return { account: 'ada', expiresAt: null };
      };
      connection.dispose = async () => {
        closed.push(JSON.stringify(settings));
      };
      opened.push(connection);
      return connection;
    },
  };
  const deps: AddProviderDeps = {
    ask: new Answers(),
    clock: systemClock,
    logger: quietLogger,
    load: async () => provider,
    isAsking: () => false,
    ports: (id) => ({
      connectionId: id,
      clock: systemClock,
      logger: quietLogger,
      ask: new Answers(),
      secrets,
      keyValue: values,
      files: {
        folder: async () => {
          await mkdir(root, { recursive: true });
          return root;
        },
      },
    }),
    known: () => ({ usable: [], ids: new Set(), labels: new Set(), ...known }),
    pickKind: async () => (isAway ? undefined : entry),
    progress: async (title, task) => {
      steps.push(title);
      return await task(new AbortController().signal, (step) => steps.push(step));
    },
    failed: async (label, error, offered) => {
      failures.push(`${label}: ${error instanceof Error ? error.message : ''}`);
      choices.push(offered.join(' '));
      return next.shift();
    },
    save:
      options.save ??
      (async (connection, open) => {
        saved.push({ connection, open });
      }),
  };
  const isLeft = async (): Promise<boolean> =>
    kept.size > 0 || (values.get('seen') ?? '') !== '' || (await stat(root).catch(() => undefined)) !== undefined;
  return { deps, saved, failures, choices, steps, closed, opened, isLeft };
}

/** What a provider may keep while it connects. */
async function keepThings({ secrets, keyValue, files }: ProviderPorts): Promise<void> {
  await secrets.set('passphrase', 'correct horse');
  await keyValue.set('seen', 'yes');
  await writeFile(join(await files.folder(), 'known_hosts'), 'login1');
}

describe('adding a provider', () => {
  it('asks what its provider needs, tests it, and hands over the connection that passed', async () => {
    const { deps, saved, steps, closed, opened, isLeft } = await setup({});
    const added = await addProvider(deps);
    const id = idFor('slurm', lab.settings, new Set());
    const connection = { id, provider: 'slurm', ...lab };
    expect(added).toMatchObject({ kind: 'added', connection, tried: { identity: { account: 'ada' } } });
    expect(saved).toEqual([{ connection, open: opened[0] }]);
    expect(steps).toEqual(['Connecting to lab', 'Asking who you are there', 'Signed in as ada; asking what is free']);
    expect(closed).toEqual([]);
    expect(await isLeft()).toBe(true);
  });

  it.each([
    ['which kind', { isAway: true }],
    ['what the provider asks', { setUps: [undefined] }],
    ['a failure', { trials: ['refused' as const], next: [undefined] }],
    ['the test', { trials: ['cancelled' as const] }],
  ])('leaves nothing behind when the person goes away from %s', async (_where, options) => {
    const { deps, saved, closed, opened, isLeft } = await setup(options);
    expect(await addProvider(deps)).toBeUndefined();
    expect(saved).toEqual([]);
    expect(closed).toHaveLength(opened.length);
    expect(await isLeft()).toBe(false);
  });

  it('tries again as often as the person wants', async () => {
    const { deps, saved, failures, choices, closed } = await setup({
      trials: ['refused', 'refused', 'well'],
      next: ['retry', 'retry'],
    });
    expect(await addProvider(deps)).toMatchObject({ kind: 'added' });
    expect(failures).toEqual(Array.from({ length: 2 }, () => 'lab: Permission denied (publickey).'));
    expect(choices[0]).toBe('retry change add');
    expect(closed).toHaveLength(2);
    expect(saved).toHaveLength(1);
  });

  it('asks anew to change what was set up, and forgets what the first try kept', async () => {
    const { deps, saved } = await setup({ trials: ['refused', 'well'], next: ['change'], setUps: [lab, other] });
    await addProvider(deps);
    expect(saved.map(({ connection }) => connection.label)).toEqual(['other']);
  });

  it('adds what does not answer, if the person says so', async () => {
    const { deps, saved, closed } = await setup({ trials: ['refused'], next: ['add'] });
    expect(await addProvider(deps)).toMatchObject({ kind: 'added', tried: null });
    expect(saved.map(({ open }) => open)).toEqual([undefined]);
    expect(closed).toHaveLength(1);
  });

  it('keeps names apart, and says when the very same is there already', async () => {
    const labels = new Set(['lab', 'This machine']);
    const named = await setup({ known: { labels } });
    await addProvider(named.deps);
    expect(named.saved.map(({ connection }) => connection.label)).toEqual(['lab 2']);
    const there = { id: connectionId('slurm-1'), provider: 'slurm', label: 'mine', settings: { host: 'login1' } };
    const same = await setup({ known: { usable: [there] } });
    expect(await addProvider(same.deps)).toEqual({ kind: 'there', connection: there });
    expect(same.opened).toEqual([]);
  });

  it('is the one that was added elsewhere while it was tried', async () => {
    const there = { id: connectionId('slurm-1'), provider: 'slurm', ...lab };
    const { deps, saved, closed } = await setup({});
    let asked = 0;
    const known = (): KnownConnections => {
      asked += 1;
      return { usable: asked === 1 ? [] : [there], ids: new Set(), labels: new Set() };
    };
    expect(await addProvider({ ...deps, known })).toEqual({ kind: 'there', connection: there });
    expect(saved).toEqual([]);
    expect(closed).toHaveLength(1);
  });

  it('makes one short line of a hostile label', async () => {
    const label = `$(flame) [click](command:x)\u202e\n${'y'.repeat(10_000)}`;
    const { deps, saved } = await setup({ setUps: [{ ...lab, label }] });
    await addProvider(deps);
    expect(saved[0]?.connection.label).toMatch(/^\$\(flame\) \[click\]\(command:x\) y+…$/u);
    expect(saved[0]?.connection.label).toHaveLength(60);
  });

  it('shows why a provider cannot be set up or loaded, and tries again', async () => {
    const missing = new ProviderError('notFound', 'There is no kubeconfig.');
    const { deps, failures, choices, saved } = await setup({ setUps: [missing, lab], next: ['retry'] });
    await addProvider(deps);
    expect(failures).toEqual(['Slurm: There is no kubeconfig.']);
    expect(choices).toEqual(['retry']);
    expect(saved).toHaveLength(1);
    const damaged = await setup({});
    const load = async (): Promise<Provider> => await Promise.reject(new Error('Cannot find module'));
    expect(await addProvider({ ...damaged.deps, load })).toBeUndefined();
    expect(damaged.failures).toEqual(['Slurm: Cannot find module']);
  });

  it('leaves nothing behind when it cannot be written down', async () => {
    const save = async (): Promise<void> => await Promise.reject(new Error('settings.json is read-only'));
    const { deps, isLeft } = await setup({ save });
    await expect(addProvider(deps)).rejects.toThrow('settings.json is read-only');
    expect(await isLeft()).toBe(false);
  });
});

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { Emitter } from '../../../../src/core/event.ts';
import type { ProviderPorts, Secrets } from '../../../../src/core/ports.ts';
import type { Connection, JsonObject, Provider } from '../../../../src/core/provider.ts';
import { type ConfiguredConnection, ProviderCatalog } from '../../../../src/editor/connections/providerCatalog.ts';
import { systemClock } from '../../../../src/engine/systemClock.ts';
import { scriptedAbilities } from '../../../emulators/scripted/request.ts';
import { scriptedConnection } from '../../../emulators/scripted/scriptedConnection.ts';
import { nobody } from '../../../fixtures/ask.ts';
import { MemoryValues } from '../../../fixtures/editor/memoryValues.ts';
import { connectionId, newRunId, quietLogger } from '../../../fixtures/engine/engineParts.ts';
import { never } from '../../../fixtures/engine/scriptedParts.ts';

interface Opening {
  readonly settings: JsonObject;
  readonly ports: ProviderPorts;
  readonly connection: Connection;
  disposed: number;
}

interface Setup {
  readonly catalog: ProviderCatalog;
  readonly openings: Opening[];
  /** How often the provider's bundle was loaded. */
  readonly loads: () => number;
  readonly settings: { value: JsonObject };
  readonly root: string;
  readonly labels: MemoryValues;
  /** What is configured changes, as by another window. */
  readonly change: (usable: readonly ConfiguredConnection[]) => Promise<void>;
  readonly configured: readonly ConfiguredConnection[];
}

const noSecrets: Secrets = { get: async () => undefined, set: async () => undefined, delete: async () => undefined };

async function setup(disposing: (opening: Opening) => Promise<void> = async () => undefined): Promise<Setup> {
  const root = await mkdtemp(join(tmpdir(), 'aloft-catalog-'));
  onTestFinished(async () => {
    await rm(root, { recursive: true, force: true });
  });
  const openings: Opening[] = [];
  const provider: Provider = {
    id: 'scripted',
    label: 'Scripted',
    abilities: scriptedAbilities,
    connect: (given, ports) => {
      const { connection } = scriptedConnection(ports, 'named');
      const close = connection.dispose.bind(connection);
      const opening: Opening = { settings: given, ports, connection, disposed: 0 };
      connection.dispose = async () => {
        opening.disposed += 1;
        await close();
        await disposing(opening);
      };
      openings.push(opening);
      return connection;
    },
  };
  let loads = 0;
  const settings = { value: { slots: 1 } as JsonObject };
  const labels = new MemoryValues();
  const changed = new Emitter<void>();
  const configured: readonly ConfiguredConnection[] = [
    { id: connectionId('one'), providerId: 'scripted', label: 'One', settings: async () => settings.value },
    { id: connectionId('two'), providerId: 'scripted', label: 'Two', settings: async () => ({}) },
    { id: connectionId('lost'), providerId: 'removed', label: 'Lost', settings: async () => ({}) },
    { id: connectionId('damaged'), providerId: 'damaged', label: 'Damaged', settings: async () => ({}) },
  ];
  let usable = configured;
  const catalog = new ProviderCatalog(
    [
      {
        id: 'scripted',
        label: 'Scripted',
        abilities: scriptedAbilities,
        load: async () => {
          loads += 1;
          return provider;
        },
      },
      {
        id: 'damaged',
        label: 'Damaged cloud',
        abilities: scriptedAbilities,
        load: async () => {
          throw new Error("Cannot find module './providers/damaged.js'");
        },
      },
    ],
    { onDidChange: changed.event, list: () => ({ usable, broken: [] }) },
    {
      clock: systemClock,
      logger: quietLogger,
      secrets: () => noSecrets,
      keyValue: () => new MemoryValues(),
      labels,
      ask: nobody,
      filesRoot: root,
    },
  );
  return {
    catalog,
    openings,
    loads: () => loads,
    settings,
    root,
    labels,
    configured,
    change: async (list) => {
      usable = list;
      changed.fire();
      // The settings of each are read before anything is closed.
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

describe('the catalogue of connections', () => {
  it('lists them without loading a provider, and only those that can be used', async () => {
    const { catalog, loads } = await setup();
    expect(catalog.list().map(({ id, label }) => [id, label])).toEqual([
      ['one', 'One'],
      ['two', 'Two'],
      ['damaged', 'Damaged'],
    ]);
    expect(catalog.broken().map(({ id, reason }) => [id, reason])).toEqual([
      ['lost', 'This version of Aloft has no provider named removed.'],
    ]);
    expect(loads()).toBe(0);
  });

  it('opens each once, however many ask at the same time', async () => {
    const { catalog, openings } = await setup();
    const one = connectionId('one');
    const [first, second] = await Promise.all([catalog.open(one), catalog.open(one)]);
    expect(second).toBe(first);
    expect(await catalog.open(one)).toBe(first);
    expect(await catalog.open(connectionId('two'))).not.toBe(first);
    expect(openings.map(({ ports }) => ports.connectionId)).toEqual(['one', 'two']);
  });

  it('opens another when the settings have changed, and knows the earlier one when they change back', async () => {
    const { catalog, openings, settings } = await setup();
    const before = await catalog.open(connectionId('one'));
    settings.value = { slots: 2 };
    const after = await catalog.open(connectionId('one'));
    expect(after).not.toBe(before);
    expect(openings.map((opening) => opening.settings)).toEqual([{ slots: 1 }, { slots: 2 }]);
    expect(openings[0]?.disposed).toBe(0);
    settings.value = { slots: 1 };
    expect(await catalog.open(connectionId('one'))).toBe(before);
  });

  it('says so by its name when a connection or its provider is gone, and when a bundle is damaged', async () => {
    const { catalog, change } = await setup();
    await expect(catalog.open(connectionId('never'))).rejects.toThrow('never is not set up here any more.');
    await expect(catalog.open(connectionId('lost'))).rejects.toThrow('lost');
    await expect(catalog.open(connectionId('damaged'))).rejects.toMatchObject({
      message: 'The part of Aloft for Damaged cloud could not be loaded.',
      raw: "Cannot find module './providers/damaged.js'",
    });
    vi.useFakeTimers();
    catalog.list();
    await change([]);
    expect(catalog.label(connectionId('one'))).toBe('One');
    await expect(catalog.open(connectionId('one'))).rejects.toThrow('One is not set up here any more.');
  });

  it('gives each a folder of its own, made when it is asked for', async () => {
    const { catalog, openings, root } = await setup();
    await catalog.open(connectionId('one'));
    await expect(stat(join(root, 'one'))).rejects.toThrow('ENOENT');
    const folder = await openings[0]?.ports.files.folder();
    expect(folder).toBe(join(root, 'one'));
    expect((await stat(join(root, 'one'))).isDirectory()).toBe(true);
  });

  it('disposes all of them once, though one of them fails', async () => {
    const { catalog, openings, settings } = await setup(async ({ settings: { slots } }) => {
      if (slots === 1) {
        throw new Error('the socket is stuck');
      }
    });
    await catalog.open(connectionId('one'));
    settings.value = { slots: 2 };
    await catalog.open(connectionId('one'));
    await catalog.dispose();
    await catalog.dispose();
    expect(openings.map(({ disposed }) => disposed)).toEqual([1, 1]);
  });

  describe('that come, go and change', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    const rest = async (): Promise<void> => {
      await vi.advanceTimersByTimeAsync(15_000);
    };

    it('are closed when they were removed and nothing is under way', async () => {
      const { catalog, openings, change, configured } = await setup();
      const heard: string[] = [];
      catalog.onDidChange(() => heard.push('changed'));
      await catalog.open(connectionId('one'));
      await catalog.open(connectionId('two'));
      await change(configured.slice(1));
      expect(heard).toEqual(['changed']);
      expect(openings.map(({ disposed }) => disposed)).toEqual([0, 0]);
      await rest();
      expect(openings.map(({ disposed }) => disposed)).toEqual([1, 0]);
      await change(configured);
      const again = await catalog.open(connectionId('one'));
      expect((await again.identity(never)).account).toBe('ada@lab.example');
      expect(openings).toHaveLength(3);
    });

    it('stay open until what is under way has ended', async () => {
      const { catalog, openings, settings, change, configured } = await setup();
      const before = await catalog.open(connectionId('one'));
      const answer = Promise.withResolvers<null>();
      const [first] = openings;
      if (first !== undefined) {
        first.connection.find = async () => await answer.promise;
      }
      const finding = before.find({ runId: newRunId(), attempt: 1 }, never);
      settings.value = { slots: 2 };
      await change(configured);
      await rest();
      expect(first?.disposed).toBe(0);
      answer.resolve(null);
      expect(await finding).toBeNull();
      await rest();
      expect(first?.disposed).toBe(1);
    });

    it('end what would go on for ever, so that whoever follows opens the new one', async () => {
      const { catalog, settings, change, configured } = await setup();
      const connection = await catalog.open(connectionId('one'));
      const stream = connection.watch?.(never)[Symbol.asyncIterator]();
      const next = stream?.next();
      settings.value = { slots: 2 };
      await Promise.all([
        expect(next).rejects.toThrow('The settings of this connection have changed.'),
        change(configured),
      ]);
    });

    it('are not closed when the settings come back in time', async () => {
      const { catalog, openings, settings, change, configured } = await setup();
      const before = await catalog.open(connectionId('one'));
      settings.value = { slots: 2 };
      await change(configured);
      settings.value = { slots: 1 };
      expect(await catalog.open(connectionId('one'))).toBe(before);
      await rest();
      expect(openings.map(({ disposed }) => disposed)).toEqual([0]);
    });

    it('are opened afresh to sign in again', async () => {
      const { catalog, openings } = await setup();
      const before = await catalog.open(connectionId('one'));
      catalog.reconnect(connectionId('one'));
      expect(await catalog.open(connectionId('one'))).not.toBe(before);
      await rest();
      expect(openings.map(({ disposed }) => disposed)).toEqual([1, 0]);
    });

    it('take over the one that was opened to try it', async () => {
      const { catalog, openings, change, configured } = await setup();
      const tried = scriptedConnection(catalog.ports(connectionId('three')), 'named').connection;
      catalog.adopt(connectionId('three'), { url: 'x' }, tried);
      const three = { id: connectionId('three'), providerId: 'scripted', label: 'Three' };
      await change([...configured, { ...three, settings: async () => ({ url: 'x' }) }]);
      expect((await (await catalog.open(connectionId('three'))).identity(never)).account).toBe('ada@lab.example');
      expect(openings).toEqual([]);
    });
  });

  it('knows while it waits for a person', async () => {
    const { catalog } = await setup();
    const id = connectionId('one');
    const { ask } = catalog.ports(id);
    const asking = ask.type({ title: '', prompt: '', value: '', isSecret: true, check: () => null }, never);
    expect(catalog.isAsking(id)).toBe(true);
    await asking;
    expect(catalog.isAsking(id)).toBe(false);
  });
});

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { ProviderPorts, Secrets } from '../../../src/core/ports.ts';
import type { Connection, JsonObject, Provider } from '../../../src/core/provider.ts';
import { ProviderCatalog } from '../../../src/editor/providerCatalog.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { scriptedAbilities } from '../../emulators/scripted/request.ts';
import { scriptedConnection } from '../../emulators/scripted/scriptedConnection.ts';
import { nobody } from '../../fixtures/ask.ts';
import { MemoryValues } from '../../fixtures/editor/memoryValues.ts';
import { connectionId, quietLogger } from '../../fixtures/engine/engineParts.ts';

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
      const opening: Opening = { settings: given, ports, connection, disposed: 0 };
      connection.dispose = async () => {
        opening.disposed += 1;
        await disposing(opening);
      };
      openings.push(opening);
      return connection;
    },
  };
  let loads = 0;
  const settings = { value: { slots: 1 } as JsonObject };
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
    ],
    [
      { id: connectionId('one'), providerId: 'scripted', label: 'One', settings: async () => settings.value },
      { id: connectionId('two'), providerId: 'scripted', label: 'Two', settings: async () => ({}) },
      { id: connectionId('lost'), providerId: 'removed', label: 'Lost', settings: async () => ({}) },
    ],
    {
      clock: systemClock,
      logger: quietLogger,
      secrets: () => noSecrets,
      keyValue: () => new MemoryValues(),
      ask: nobody,
      filesRoot: root,
    },
  );
  return { catalog, openings, loads: () => loads, settings, root };
}

describe('the catalogue of connections', () => {
  it('lists them without loading a provider, and only those that can be used', async () => {
    const { catalog, loads } = await setup();
    expect(catalog.list().map(({ id, label }) => [id, label])).toEqual([
      ['one', 'One'],
      ['two', 'Two'],
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

  it('says so when a connection or its provider is gone', async () => {
    const { catalog } = await setup();
    await expect(catalog.open(connectionId('never'))).rejects.toThrow('There is no connection named never any more');
    await expect(catalog.open(connectionId('lost'))).rejects.toThrow('lost');
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
});

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { Emitter } from '../../../../src/core/event.ts';
import type { Offer } from '../../../../src/core/offer.ts';
import type { Clock } from '../../../../src/core/ports.ts';
import type { Connection } from '../../../../src/core/provider.ts';
import { ProviderError } from '../../../../src/core/providerError.ts';
import { ConnectionHealth } from '../../../../src/editor/connections/connectionHealth.ts';
import { Places } from '../../../../src/editor/connections/places.ts';
import type { Connections } from '../../../../src/engine/connections.ts';
import { scriptedAbilities } from '../../../emulators/scripted/request.ts';
import { offer } from '../../../fixtures/editor/formEngine.ts';
import { connectionId, quietLogger } from '../../../fixtures/engine/engineParts.ts';

/** Runs on the timers of the test. */
const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  },
};

type Answer = () => Promise<readonly Offer[]>;

/** Connections that answer as the test says; each counts how often it was asked. */
function setup(answers: Record<string, Answer>) {
  const changed = new Emitter<void>();
  const asked: string[] = [];
  const isAsking = new Set<string>();
  const connections: Connections = {
    onDidChange: changed.event,
    isAsking: (id) => isAsking.has(id),
    label: (id) => id,
    list: () =>
      Object.keys(answers).map((id) => ({
        id: connectionId(id),
        providerId: 'scripted',
        label: `Cloud ${id}`,
        abilities: scriptedAbilities,
      })),
    open: async (id) => {
      asked.push(id);
      const connection: Pick<Connection, 'identity' | 'offers'> = {
        identity: async () => ({ account: 'ada', expiresAt: null }),
        offers: async (_query, signal) =>
          await Promise.race([
            answers[id]?.() ?? [],
            new Promise<never>((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reject(signal.reason);
              });
            }),
          ]),
      };
      return connection as Connection;
    },
  };
  const health = new ConnectionHealth({ connections, clock, logger: quietLogger });
  const places = new Places(connections, health, clock);
  onTestFinished(() => {
    places.dispose();
    health.dispose();
  });
  return { health, places, asked, isAsking, changed, answers };
}

const here: Answer = async () => [offer({ connectionId: connectionId('a'), note: 'free' })];
const never: Answer = async () => await new Promise<never>(() => undefined);
const dead: Answer = async () => {
  throw new ProviderError('transient', 'There is no route to the host.', {
    remedy: 'Is the VPN on?',
    raw: 'EHOSTUNREACH',
  });
};
const signedOut: Answer = async () => {
  throw new ProviderError('auth', 'The token has expired.');
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
};

describe('the health of connections', () => {
  it('asks nobody before somebody looks', async () => {
    const { health, places, asked } = setup({ a: here });
    await pass(300_000);
    expect(asked).toEqual([]);
    expect(health.of(connectionId('a')).answeredAt).toBeNull();
    expect(places.now().accelerators).toBeNull();
  });

  it('asks now and then while somebody looks, and not once nobody does', async () => {
    const { health, asked } = setup({ a: here });
    const [one, two] = [{}, {}];
    health.setLooking(one, true);
    health.setLooking(two, true);
    await pass(10);
    expect(asked).toEqual(['a']);
    await pass(61_000);
    expect(asked).toHaveLength(2);
    health.setLooking(one, false);
    await pass(61_000);
    expect(asked).toHaveLength(3);
    health.setLooking(two, false);
    await pass(600_000);
    expect(asked).toHaveLength(3);
  });

  it('shows each as it answers: a slow one and a dead one hold up nobody', async () => {
    const { health, places } = setup({ a: here, slow: never, dead });
    health.setLooking({}, true);
    await pass(10);
    expect(places.now().accelerators?.map(({ label }) => label)).toEqual(['CPU only']);
    expect(places.now().silent).toEqual([
      { connection: 'slow', label: 'Cloud slow', isAsking: true, word: 'asking…', reason: null },
      {
        connection: 'dead',
        label: 'Cloud dead',
        isAsking: false,
        word: 'not reachable',
        reason: 'There is no route to the host.',
      },
    ]);
    await pass(21_000);
    expect(places.now().silent[0]).toMatchObject({ connection: 'slow', reason: 'There was no answer within 20 s.' });
    expect(health.of(connectionId('dead')).problem).toEqual({
      message: 'There is no route to the host.',
      remedy: 'Is the VPN on?',
      raw: 'EHOSTUNREACH',
      tag: 'transient',
    });
  });

  it('waits for as long as a person is being asked', async () => {
    const { health, isAsking } = setup({ a: never });
    isAsking.add('a');
    void health.refresh();
    await pass(90_000);
    expect(health.of(connectionId('a'))).toMatchObject({ isAsking: true, problem: null });
    isAsking.clear();
    await pass(41_000);
    expect(health.of(connectionId('a')).problem?.message).toBe('There was no answer within 20 s.');
  });

  it('keeps what it knew when a connection dies, and says that it is old', async () => {
    const { health, places, answers } = setup({ a: here });
    await Promise.all([health.refresh(), pass(10)]);
    answers['a'] = dead;
    await pass(120_000);
    await Promise.all([health.refresh(), pass(10)]);
    const [place] = places.now().accelerators?.[0]?.places ?? [];
    expect(place).toMatchObject({ likelihood: 'unknown', note: 'last known 2 min ago' });
    answers['a'] = here;
    await Promise.all([health.refresh(), pass(10)]);
    expect(places.now().accelerators?.[0]?.places[0]).toMatchObject({ likelihood: 'now', note: 'free' });
    expect(places.now().silent).toEqual([]);
  });

  it('does not ask again by itself where a person has to sign in', async () => {
    const { health, asked } = setup({ a: signedOut });
    health.setLooking({}, true);
    await pass(600_000);
    expect(asked).toHaveLength(1);
    await Promise.all([health.refresh(), pass(10)]);
    expect(asked).toHaveLength(2);
  });

  it('asks once for all who ask at the same time', async () => {
    const { health, asked } = setup({ a: here });
    await Promise.all([health.refresh(), health.refresh(), health.ask(connectionId('a')), pass(10)]);
    expect(asked).toHaveLength(1);
  });

  it('hears of connections that come and go', async () => {
    const { health, places, answers, changed, asked } = setup({ a: here, b: here });
    health.setLooking({}, true);
    await pass(10);
    delete answers['b'];
    answers['c'] = here;
    changed.fire();
    await pass(10);
    expect(asked).toContain('c');
    expect(places.now().connections.map(({ label }) => label)).toEqual(['Cloud a', 'Cloud c']);
    expect(health.of(connectionId('b')).answeredAt).toBeNull();
  });
});

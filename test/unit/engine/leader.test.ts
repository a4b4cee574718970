import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JobStore } from '../../../src/engine/jobStore.ts';
import { Leader, type Leases } from '../../../src/engine/leader.ts';
import { systemClock } from '../../../src/engine/systemClock.ts';
import { quietLogger } from '../../fixtures/engine/engineParts.ts';
import { ManualClock } from '../../fixtures/engine/manualClock.ts';
import { fork, type Fork } from '../../fixtures/store/fork.ts';
import { storeFolder, type StoreFolder } from '../../fixtures/store/storeParts.ts';

let folder: StoreFolder;
let clock: ManualClock;
const leaders: Leader[] = [];
const forks: Fork[] = [];

beforeEach(() => {
  folder = storeFolder();
  clock = new ManualClock();
});

afterEach(async () => {
  for (const leader of leaders.splice(0)) {
    leader.dispose();
  }
  await Promise.all(forks.splice(0).map(async (child) => await child.kill()));
  folder.remove();
});

/** A window that wants to lead, what it was told, and its store. */
function window(name: string): { readonly leader: Leader; readonly store: JobStore; readonly told: boolean[] } {
  const { store } = folder.open({ clock, session: name });
  return { store, ...leaderOver(store) };
}

function leaderOver(leases: Leases): { readonly leader: Leader; readonly told: boolean[] } {
  const leader = new Leader({ leases, clock, logger: quietLogger });
  leaders.push(leader);
  const told: boolean[] = [];
  leader.onDidChange((leading) => {
    told.push(leading);
  });
  return { leader, told };
}

describe('of several windows', () => {
  test('one leads, and says so once', () => {
    const [a, b] = [window('a'), window('b')];
    for (let second = 0; second < 10; second += 1) {
      a.leader.renew();
      b.leader.renew();
      clock.jump(1_000);
      expect([a.leader.isLeader, b.leader.isLeader]).toEqual([true, false]);
    }
    expect([a.told, b.told]).toEqual([[true], []]);
  });

  test('another leads at once when the leading one closes', () => {
    const [a, b] = [window('a'), window('b')];
    a.leader.renew();
    a.leader.dispose();
    b.leader.renew();
    expect([a.leader.isLeader, b.leader.isLeader]).toEqual([false, true]);
  });

  test('another leads within five seconds when the leading one is killed', async () => {
    const first = fork('leader.ts', [folder.path]);
    forks.push(first);
    expect(await first.lines(2)).toEqual(['leads', 'started true']);
    const others = [fork('leader.ts', [folder.path]), fork('leader.ts', [folder.path])];
    forks.push(...others);
    const begun = await Promise.all(others.map(async (child) => await child.lines(1)));
    expect(begun).toEqual([['started false'], ['started false']]);
    await first.kill();
    const next = await Promise.race(others.map(async (child) => (await child.lines(2))[1]));
    expect(next).toBe('leads');
  });

  test('the lease of a killed one runs out within five seconds of its last sign of life', () => {
    const [a, b] = [window('a'), window('b')];
    a.leader.renew();
    let waited = 0;
    for (; !b.leader.isLeader; waited += 1_000) {
      clock.jump(1_000);
      b.leader.renew();
    }
    expect(waited).toBeLessThan(5_000);
  });
});

describe('a leader that slept', () => {
  test('does not act before it has the lease again', () => {
    const { leader, told } = window('a');
    leader.renew();
    clock.jump(3_600_000);
    expect(leader.isLeader).toBe(false);
    leader.renew();
    expect(leader.isLeader).toBe(true);
    expect(told).toEqual([true]);
  });

  test('steps back when another one leads by now', () => {
    const [a, b] = [window('a'), window('b')];
    a.leader.renew();
    clock.jump(10_000);
    b.leader.renew();
    expect([a.leader.isLeader, b.leader.isLeader]).toEqual([false, true]);
    a.leader.renew();
    expect(a.told).toEqual([true, false]);
  });
});

describe('a clock that is set back', () => {
  test('leaves one leader, that acts again once it renewed', () => {
    const [a, b] = [window('a'), window('b')];
    a.leader.renew();
    clock.jump(-3_600_000);
    expect(a.leader.isLeader).toBe(false);
    a.leader.renew();
    b.leader.renew();
    expect([a.leader.isLeader, b.leader.isLeader]).toEqual([true, false]);
  });

  test('does not keep a dead leader in office', () => {
    const [a, b] = [window('a'), window('b')];
    a.leader.renew();
    clock.jump(-3_600_000);
    b.leader.renew();
    expect(b.leader.isLeader).toBe(true);
    a.leader.renew();
    expect(a.told).toEqual([true, false]);
  });
});

describe('a lease that cannot be written, as on a full disk,', () => {
  test('is kept until it runs out, and taken again when it can be', () => {
    const { store } = folder.open({ clock, session: 'a' });
    let broken = false;
    const { leader, told } = leaderOver({
      acquireLease: (name, forMs) => {
        if (broken) {
          throw new Error('the disk is full');
        }
        return store.acquireLease(name, forMs);
      },
      releaseLease: (name) => {
        store.releaseLease(name);
      },
    });
    leader.renew();
    broken = true;
    clock.jump(1_000);
    leader.renew();
    expect(leader.isLeader).toBe(true);
    clock.jump(3_000);
    leader.renew();
    expect(leader.isLeader).toBe(false);
    broken = false;
    leader.renew();
    expect(leader.isLeader).toBe(true);
    expect(told).toEqual([true, false, true]);
  });
});

test('a leader keeps its lease by itself', async () => {
  const { store } = folder.open({ session: 'a' });
  const acquired = vi.spyOn(store, 'acquireLease');
  const leader = new Leader({ leases: store, clock: systemClock, logger: quietLogger });
  leaders.push(leader);
  await vi.waitFor(
    () => {
      expect(acquired.mock.calls.length).toBeGreaterThan(2);
    },
    { timeout: 20_000 },
  );
  expect(leader.isLeader).toBe(true);
});

test('a listener that fails does not stop the leader', () => {
  const { leader } = window('a');
  leader.onDidChange(() => {
    throw new Error('the listener fails');
  });
  leader.renew();
  expect(leader.isLeader).toBe(true);
});

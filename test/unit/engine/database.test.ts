import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunId } from '../../../src/core/job.ts';
import { isProviderError } from '../../../src/core/providerError.ts';
import { migrate } from '../../../src/engine/migrate.ts';
import { migrations } from '../../../src/engine/schema.ts';
import { mountSmallDisk } from '../../fixtures/smallDisk.ts';
import { fork, type Fork } from '../../fixtures/store/fork.ts';
import { acceptedJob, observation, storeFolder, type StoreFolder } from '../../fixtures/store/storeParts.ts';

let folder: StoreFolder;
const forks: Fork[] = [];

beforeEach(() => {
  folder = storeFolder();
});

afterEach(async () => {
  await Promise.all(forks.splice(0).map(async (child) => await child.kill()));
  folder.remove();
});

/** A store with so many jobs, closed in order. */
function filled(jobs: number): readonly RunId[] {
  const { store } = folder.open();
  const keys = Array.from({ length: jobs }, () => acceptedJob(store));
  store.observe(keys.map((key) => ({ key, observation: observation('running', { native: 'x'.repeat(2_000) }) })));
  store.dispose();
  return keys.map(({ runId }) => runId);
}

function overwrite(file: string, position: number, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, position);
  closeSync(descriptor);
}

function garbage(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7919 + 13) % 251);
}

const setAside = (): readonly string[] => readdirSync(folder.path).filter((name) => name.includes('.damaged-'));

describe('a damaged file', () => {
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['of garbage', (file) => writeFileSync(file, garbage(50_000))],
    ['that is empty', (file) => truncateSync(file, 0)],
    ['that was cut in the middle of a page', (file) => truncateSync(file, Math.floor(statSync(file).size / 2) + 100)],
    ['that was cut to its first page', (file) => truncateSync(file, 4096)],
    ['with a damaged header', (file) => overwrite(file, 0, garbage(64))],
    ['with a wrong page in the middle', (file) => overwrite(file, 4096 * 20, readFileSync(file).subarray(4096, 8192))],
    ['with garbage in the middle', (file) => overwrite(file, 4096 * 8, garbage(4096 * 40))],
  ];

  test.each(damages)('%s is set aside and reported, and the store works again', (_, damage) => {
    filled(40);
    damage(folder.file);
    const bytes = readFileSync(folder.file);

    const { store, damaged } = folder.open();
    expect(damaged?.reason).toBeTruthy();
    expect(readFileSync(damaged?.movedTo ?? '').equals(bytes)).toBe(true);
    expect(store.summaries()).toEqual([]);
    const { runId } = acceptedJob(store);
    expect(store.job(runId)?.state).toBe('queued');
  });

  test('is reported again until somebody has dealt with it, whoever died meanwhile', () => {
    filled(1);
    truncateSync(folder.file, 100);
    const first = folder.open();
    first.store.dispose();

    const second = folder.open();
    expect(second.damaged?.movedTo).toBe(first.damaged?.movedTo);
    second.store.damageNoted(second.damaged ?? { movedTo: '', reason: '' });
    second.store.dispose();

    expect(folder.open().damaged).toBeNull();
    expect(setAside()).toHaveLength(1);
  });

  test('is reported even when the process died between setting it aside and making a new one', () => {
    filled(1);
    truncateSync(folder.file, 100);
    const { store, damaged } = folder.open();
    store.dispose();
    rmSync(folder.file);
    expect(folder.open().damaged?.movedTo).toBe(damaged?.movedTo);
  });

  test('is replaced once by many windows that open it at the same time, and none loses what it writes', async () => {
    filled(20);
    writeFileSync(folder.file, garbage(30_000));
    const windows = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = fork('writer.ts', [folder.path, '10']);
        forks.push(child);
        return await child.end();
      }),
    );
    const written = windows.flatMap((lines) => lines.slice(1, -1));
    expect(written).toHaveLength(40);
    const { store } = folder.open();
    expect(store.summaries().map(({ runId }) => runId)).toEqual(expect.arrayContaining(written));
    expect(setAside().filter((name) => !/-(?:wal|shm)$/u.test(name))).toHaveLength(1);
  });

  test('whose damage nobody could notice is an error when it is read, and set aside when it is opened again', () => {
    filled(40);
    const middle = 4096 * Math.floor(statSync(folder.file).size / 4096 / 2);
    overwrite(folder.file, middle, garbage(middle));
    const { ino, size, mtimeNs, ctimeNs } = statSync(folder.file, { bigint: true });
    writeFileSync(`${folder.file}.checked`, [ino, size, mtimeNs, ctimeNs].join(' '));

    const { store, damaged } = folder.open();
    expect(damaged).toBeNull();
    const readAll = (): void => {
      for (const { runId } of store.summaries()) {
        store.job(runId);
        store.events(runId);
      }
    };
    expect(readAll).toThrow(/aloft\.db.*it is damaged/u);
    store.dispose();
    expect(folder.open().damaged).not.toBeNull();
  });

  test('that another window still uses is left where it is, with what to do', () => {
    filled(20);
    const other = folder.open().store;
    const { runId } = acceptedJob(other);
    overwrite(folder.file, 4096 * 3, garbage(4096 * 30));
    expect(() => folder.open()).toThrow(/another window still uses it/u);
    expect(setAside()).toEqual([]);
    other.dispose();

    expect(folder.open().damaged).not.toBeNull();
    expect(runId).toBeTruthy();
  });
});

describe('a sound file', () => {
  test('keeps everything when it is closed and opened again', () => {
    const runIds = filled(5);
    const { store, damaged } = folder.open();
    expect(damaged).toBeNull();
    expect(store.summaries().map(({ runId }) => runId)).toEqual(expect.arrayContaining([...runIds]));
  });

  test('keeps everything when its process was killed in the middle of writing', async () => {
    const child = fork('writer.ts', [folder.path, 'forever']);
    forks.push(child);
    const lines = await child.lines(60);
    await child.kill();
    const { store, damaged } = folder.open();
    expect(damaged).toBeNull();
    const known = new Set<string>(store.summaries().map(({ runId }) => runId));
    expect(lines.slice(1).filter((runId) => !known.has(runId))).toEqual([]);
  });

  test('survives its own index of what was checked', () => {
    filled(3);
    const mark = `${folder.file}.checked`;
    const known = readFileSync(mark, 'utf8');
    folder.open().store.dispose();
    expect(readFileSync(mark, 'utf8')).toBe(known);

    utimesSync(folder.file, new Date(0), new Date(0));
    folder.open().store.dispose();
    expect(readFileSync(mark, 'utf8')).not.toBe(known);

    writeFileSync(mark, garbage(100));
    expect(folder.open().store.summaries()).toHaveLength(3);
  });

  test('can be made by many windows at the same time', async () => {
    const windows = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = fork('writer.ts', [folder.path, '5']);
        forks.push(child);
        return await child.end();
      }),
    );
    expect(windows.map((lines) => lines.length)).toEqual([7, 7, 7, 7]);
    expect(folder.open().store.count({ groups: ['waiting'] })).toBe(20);
  });

  test('does not mind a lock file that somebody wrote into', () => {
    filled(1);
    writeFileSync(`${folder.path}/aloft.lock`, garbage(5_000));
    expect(folder.open().store.summaries()).toHaveLength(1);
  });
});

describe('a file of a newer Aloft', () => {
  test('is refused with what to do, and stays as it is', () => {
    filled(2);
    const newer = new DatabaseSync(folder.file);
    newer.exec(`PRAGMA user_version = ${migrations.length + 1}; CREATE TABLE of_the_future (a)`);
    newer.close();
    const bytes = readFileSync(folder.file);
    expect(() => folder.open()).toThrow(/newer Aloft.*Update Aloft/u);
    expect(readFileSync(folder.file).equals(bytes)).toBe(true);
    expect(setAside()).toEqual([]);
  });
});

describe('migrations', () => {
  const first = 'CREATE TABLE jobs (run_id TEXT PRIMARY KEY) STRICT';
  const second = "ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'";

  function withFile(work: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(`${folder.path}/old.db`);
    try {
      work(database);
    } finally {
      database.close();
    }
  }

  const versionOf = (database: DatabaseSync): unknown =>
    database.prepare('PRAGMA user_version').get()?.['user_version'];

  test('bring a file of an older Aloft to the newest version and keep what is in it', () => {
    withFile((database) => {
      migrate(database, [first]);
      database.exec("INSERT INTO jobs VALUES ('one')");
    });
    withFile((database) => {
      migrate(database, [first, second]);
      expect({ ...database.prepare('SELECT * FROM jobs').get() }).toEqual({ run_id: 'one', colour: 'grey' });
      expect(versionOf(database)).toBe(2);
    });
    withFile((database) => {
      expect(() => migrate(database, [first])).toThrow(/newer Aloft \(schema 2, this one knows 1\)/u);
    });
  });

  test('that fail leave the file as it was', () => {
    withFile((database) => {
      migrate(database, [first]);
      database.exec("INSERT INTO jobs VALUES ('one')");
      expect(() => migrate(database, [first, second, 'CREATE TABLE jobs (again)'])).toThrow(/already exists/u);
      expect(versionOf(database)).toBe(1);
      expect({ ...database.prepare('SELECT * FROM jobs').get() }).toEqual({ run_id: 'one' });
    });
  });

  test('of the store itself make the tables that later work needs', () => {
    filled(0);
    const database = new DatabaseSync(folder.file, { readOnly: true });
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map((row) => row['name']);
    database.close();
    expect(names).toEqual(
      expect.arrayContaining([
        'connections',
        'jobs',
        'attempts',
        'tasks',
        'nodes',
        'streams',
        'gaps',
        'events',
        'journal',
        'leases',
        'stored_values',
      ]),
    );
  });
});

describe('a place that cannot hold a store', () => {
  test('is named: something else has its name', () => {
    mkdirSync(`${folder.file}/child`, { recursive: true });
    expect(() => folder.open()).toThrow(new RegExp(`${folder.file}.*cannot be opened`, 'u'));
  });

  test('is named: a file that may not be written', ({ skip }) => {
    filled(1);
    chmodSync(folder.path, 0o500);
    chmodSync(folder.file, 0o400);
    if (process.getuid?.() === 0) {
      skip('the superuser may write everything');
    }
    expect(() => folder.open()).toThrow(/list of jobs/u);
    chmodSync(folder.path, 0o700);
  });
});

describe('a full disk', () => {
  test('is a clear error, the store stays readable, and nothing is half written', ({ skip }) => {
    const small = `${folder.path}/small`;
    const unmount = mountSmallDisk(small, 2);
    if (unmount === undefined) {
      skip('this user may mount no small disk');
      return;
    }
    const full = storeFolder(small);
    try {
      const { store } = full.open();
      const key = acceptedJob(store);
      const rest = fillDisk(small);
      let stored = 0;
      const write = (): void => {
        for (; stored < 10_000; stored += 1) {
          store.addEvent(key.runId, {
            at: stored,
            attempt: 1,
            kind: 'note',
            state: null,
            text: 'x'.repeat(2_000),
            native: null,
          });
        }
      };
      expect(write).toThrow(/aloft\.db.*the disk is full/u);
      const before = store.events(key.runId).length;
      let error: unknown;
      try {
        write();
      } catch (thrown) {
        error = thrown;
      }
      expect(isProviderError(error) && error.remedy).toContain('Free some space');
      expect(store.job(key.runId)?.state).toBe('queued');
      expect(store.summaries()).toHaveLength(1);
      expect(store.events(key.runId).length).toBeGreaterThanOrEqual(before);

      rmSync(rest);
      expect(store.requestCancel(key.runId)).toBe(true);
      store.dispose();
      const again = full.open();
      expect(again.damaged).toBeNull();
      expect(again.store.events(key.runId).filter(({ kind }) => kind === 'note')).toHaveLength(stored);
      again.store.dispose();
    } finally {
      unmount();
    }
  });

  function fillDisk(path: string): string {
    const file = `${path}/rest`;
    const descriptor = openSync(file, 'w');
    try {
      for (;;) {
        writeSync(descriptor, Buffer.alloc(4096));
      }
    } catch {
      return file;
    } finally {
      closeSync(descriptor);
    }
  }
});

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { SlurmHost } from '../../../../src/providers/slurm/host.ts';

const signal = new AbortController().signal;

/** What every SlurmHost must do, whichever way it reaches its machine, which is this one. */
export function describeHost(name: string, open: () => Promise<SlurmHost>): void {
  describe(name, () => {
    let host: SlurmHost;
    let folder: string;

    beforeAll(async () => {
      host = await open();
      folder = mkdtempSync(join(tmpdir(), 'aloft-host-'));
    });

    afterAll(async () => {
      await host.dispose();
      rmSync(folder, { recursive: true, force: true });
    });

    test('tells apart what a script says, what it complains of and how it ends', async () => {
      await expect(host.run({ text: 'echo said; echo complained >&2; exit 3' }, signal)).resolves.toEqual({
        exitCode: 3,
        stdout: 'said\n',
        stderr: 'complained\n',
      });
      await expect(host.run({ text: 'kill -KILL $$' }, signal)).resolves.toMatchObject({ exitCode: null });
      await expect(host.run({ text: 'if then' }, signal)).resolves.toMatchObject({ stdout: '', exitCode: 2 });
    });

    test('gives a script its arguments as they are', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', '')),
            {
              maxLength: 5,
            },
          ),
          async (args) => {
            const { stdout } = await host.run({ text: `printf '%s\\1' "$@" "$#"`, args }, signal);
            expect(stdout).toBe([...args, `${args.length}`, ''].join('\u0001'));
          },
        ),
        {
          numRuns: 30,
          examples: [
            [["'", '"', '\\', '\\\\', `\\'`]],
            [['$HOME', '`id`', '$(id)', '!!', '-n']],
            [['a\nb\n', '\n', '', ' ', '*', '~']],
            [['%s%b\\0101', 'é\u0081\u0088\u{1f600}', '\r\t\u001b\u007f']],
          ],
        },
      );
    });

    test('runs a script that is longer than a command line can be', async () => {
      const args = ['x'.repeat(300_000), `it's`];
      const { stdout, exitCode } = await host.run({ text: 'echo ${#1} "$2"; exit 5', args }, signal);
      expect({ stdout, exitCode }).toEqual({ stdout: `300000 it's\n`, exitCode: 5 });
    });

    test('refuses a NUL, which no command can hold', async () => {
      await expect(host.run({ text: 'true', args: ['a\0b'] }, signal)).rejects.toMatchObject({ tag: 'invalid' });
    });

    test('closes stdin at once when there is no input', async () => {
      await expect(host.run({ text: 'cat; echo done' }, signal)).resolves.toMatchObject({ stdout: 'done\n' });
    });

    test('waits for what the script waits for', async () => {
      await expect(host.run({ text: 'sleep 0.1 & wait; echo woken' }, signal)).resolves.toMatchObject({
        stdout: 'woken\n',
      });
    });

    test('sends input whole, in whatever pieces it comes', async () => {
      const piece = Buffer.alloc(700_001, 'ab\n');
      async function* pieces(): AsyncGenerator<Uint8Array, void> {
        yield Buffer.from('begin');
        for (let count = 0; count < 10; count += 1) {
          yield piece;
        }
        yield new Uint8Array();
      }
      const counted = await host.run({ text: 'head -c 5; wc -c', input: pieces() }, signal);
      expect(counted.stdout.trim()).toMatch(/^begin\s*7000010$/u);
      const empty = await host.run({ text: 'wc -c; exit 4', input: new Uint8Array() }, signal);
      expect(empty).toMatchObject({ exitCode: 4, stdout: '0\n' });
    });

    test('does not wait for a script to read input it has no use for', async () => {
      const input = Buffer.alloc(20_000_000, 'x');
      await expect(host.run({ text: 'head -c 3; exit 2', input }, signal)).resolves.toMatchObject({
        exitCode: 2,
        stdout: 'xxx',
      });
    });

    test('ends a script whose input fails, without letting it take the part for the whole', async () => {
      const file = join(folder, 'uploaded');
      async function* pieces(): AsyncGenerator<Uint8Array, void> {
        yield Buffer.alloc(2_000_000);
        throw new RangeError('the disk went away');
      }
      const script = { text: 'cat >"$1.part" && mv "$1.part" "$1"', args: [file], input: pieces() };
      await expect(host.run(script, signal)).rejects.toThrow('the disk went away');
      await vi.waitFor(() => expect(processesWith(`${file}.part`)).toEqual([]), { timeout: 10_000 });
      expect(() => readFileSync(file)).toThrow('ENOENT');
    });

    test('leaves nothing running when it is aborted', async () => {
      const mark = `61${process.pid}.${Math.trunc(Math.random() * 1e6)}`;
      const abort = new AbortController();
      const running = host.run({ text: 'sleep "$1" & sleep "$1"; true', args: [mark] }, abort.signal);
      await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toHaveLength(2), { timeout: 10_000 });
      const reason = new Error('not needed any more');
      abort.abort(reason);
      await expect(running).rejects.toBe(reason);
      await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toEqual([]), { timeout: 10_000 });
    });

    test('ends a script that will not hear of it', async () => {
      const mark = `62${process.pid}.${Math.trunc(Math.random() * 1e6)}`;
      const abort = new AbortController();
      const script = { text: `trap '' TERM; while :; do sleep "$1"; done`, args: [mark] };
      const running = host.run(script, abort.signal);
      await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toHaveLength(1), { timeout: 10_000 });
      abort.abort(new Error('stop'));
      await expect(running).rejects.toThrow('stop');
      await vi.waitFor(() => expect(processesWith(mark)).toEqual([]), { timeout: 20_000 });
    });

    test('streams what is printed as it is printed, and ends the script when nobody listens any more', async () => {
      const mark = `63${process.pid}.${Math.trunc(Math.random() * 1e6)}`;
      const pieces: string[] = [];
      for await (const piece of host.stream({ text: 'echo one; sleep "$1"', args: [mark] }, signal)) {
        pieces.push(Buffer.from(piece).toString());
        break;
      }
      expect(pieces).toEqual(['one\n']);
      await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toEqual([]), { timeout: 10_000 });
    });

    test('says in the error what a failing stream complained of', async () => {
      const failing = async (): Promise<void> => {
        for await (const _ of host.stream({ text: 'echo why >&2; exit 7' }, signal)) {
          // Nothing comes.
        }
      };
      await expect(failing()).rejects.toMatchObject({ tag: 'invalid', raw: 'why\n', message: /exit code 7/u });
    });

    test('holds back a script that prints faster than its reader takes', async () => {
      const counter = join(folder, 'printed');
      writeFileSync(counter, '0');
      const text = 'for n in $(seq 200); do head -c 1000000 /dev/zero; echo "$n" >"$1"; done';
      let bytes = 0;
      for await (const piece of host.stream({ text, args: [counter] }, signal)) {
        if (bytes === 0) {
          // Long enough to print it all, if nothing held it back.
          await host.run({ text: 'sleep 1' }, signal);
          expect(Number(readFileSync(counter))).toBeLessThan(20);
        }
        bytes += piece.length;
      }
      expect(bytes).toBe(200_000_000);
    });

    test('refuses an answer that is too long to be one', async () => {
      await expect(host.run({ text: 'head -c 200000000 /dev/zero' }, signal)).rejects.toMatchObject({
        tag: 'unsupported',
        message: /more than 32 MiB/u,
      });
    });

    test('reads a file from an offset, and says when there is none', async () => {
      const file = join(folder, `a 'file' with\nodd name`);
      writeFileSync(file, Buffer.alloc(3_000_000, '0123456789'));
      const read = async (path: string, offset: number): Promise<Buffer> => {
        const pieces: Uint8Array[] = [];
        for await (const piece of host.readFile(path, offset, signal)) {
          pieces.push(piece);
        }
        return Buffer.concat(pieces);
      };
      expect((await read(file, 0)).equals(readFileSync(file))).toBe(true);
      expect(await read(file, 2_999_995)).toEqual(Buffer.from('56789'));
      expect(await read(file, 3_000_000)).toHaveLength(0);
      expect(await read(file, 4_000_000)).toHaveLength(0);
      await expect(read(join(folder, 'nothing'), 0)).rejects.toMatchObject({ tag: 'notFound' });
      await expect(read(folder, 0)).rejects.toMatchObject({ tag: 'invalid' });
    });

    test('opens a terminal of the asked size that can be typed into, resized and left', async () => {
      const shell = await host.openShell(
        { text: 'tty >/dev/null && stty size; read line; stty size; echo "got $line $1"; cat', args: [`it's`] },
        { columns: 91, rows: 31 },
        signal,
      );
      let seen = '';
      const reading = (async () => {
        for await (const piece of shell.output) {
          seen += Buffer.from(piece).toString();
        }
      })();
      await vi.waitFor(() => expect(seen).toContain('31 91'), { timeout: 10_000 });
      shell.resize({ columns: 101, rows: 41 });
      // The size has no answer of its own to wait for.
      await expect.poll(() => terminalSizes()).toContain('41 101');
      shell.write(Buffer.from('typed\n'));
      await vi.waitFor(() => expect(seen).toMatch(/41 101\r\ngot typed it's/u), { timeout: 10_000 });
      shell.close();
      await reading;
    });

    test('does not run out of channels when scripts are given up while they print', async () => {
      const text = 'while :; do echo more; sleep 0.01; done';
      for (let count = 0; count < 8; count += 1) {
        for await (const _ of host.stream({ text }, signal)) {
          break;
        }
        const abort = new AbortController();
        const running = host.run({ text }, abort.signal);
        setTimeout(() => abort.abort(new Error('given up')), 100);
        await expect(running).rejects.toThrow('given up');
      }
      const open = Array.from({ length: 3 }, () =>
        host.stream({ text: 'echo hi; sleep 100' }, signal)[Symbol.asyncIterator](),
      );
      for (const stream of open) {
        expect((await stream.next()).done).toBe(false);
      }
      await expect(host.run({ text: 'echo ok' }, signal)).resolves.toMatchObject({ stdout: 'ok\n' });
      await Promise.all(open.map(async (stream) => stream.return?.()));
    });

    test('ends a terminal with its signal', async () => {
      const abort = new AbortController();
      const shell = await host.openShell({ text: 'cat' }, { columns: 80, rows: 24 }, abort.signal);
      const reading = (async () => {
        for await (const _ of shell.output) {
          // Until it is over.
        }
      })();
      const reason = new Error('the window was closed');
      abort.abort(reason);
      await expect(reading).rejects.toBe(reason);
    });

    test('connects to a port there', async () => {
      const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      try {
        const duplex = await host.connectTo('127.0.0.1', port, signal);
        const pieces: Buffer[] = [];
        for await (const piece of duplex) {
          pieces.push(piece);
        }
        expect(Buffer.concat(pieces).toString()).toBe('hello');
      } finally {
        server.close();
      }
      await expect(host.connectTo('127.0.0.1', port, signal)).rejects.toMatchObject({ tag: 'transient' });
    });

    test('does nothing when it is aborted before it begins', async () => {
      const gone = AbortSignal.abort(new Error('too late'));
      await expect(host.account(gone)).rejects.toThrow('too late');
      await expect(host.run({ text: 'true' }, gone)).rejects.toThrow('too late');
      await expect(host.stream({ text: 'true' }, gone)[Symbol.asyncIterator]().next()).rejects.toThrow('too late');
      await expect(host.readFile('/etc/hostname', 0, gone)[Symbol.asyncIterator]().next()).rejects.toThrow('too late');
      await expect(host.openShell({ text: 'true' }, { columns: 1, rows: 1 }, gone)).rejects.toThrow('too late');
      await expect(host.connectTo('127.0.0.1', 1, gone)).rejects.toThrow('too late');
    });
  });
}

/** Command lines of this machine that hold a text. */
export function processesWith(text: string): string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(text));
}

/** The sizes of all terminals of this machine, as `stty size` prints them. */
function terminalSizes(): string {
  return execFileSync('sh', ['-c', 'for t in /dev/pts/[0-9]*; do stty -F $t size; done'], { encoding: 'utf8' });
}

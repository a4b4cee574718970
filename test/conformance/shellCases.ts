import { describe, expect } from 'vitest';
import type { AttemptMember, Handle, Shell, TerminalSize } from '../../src/core/provider.ts';
import { isProviderError } from '../../src/core/providerError.ts';
import { type Harness, never, readLog, rejection } from './harness.ts';
import type { ShellScenario } from './setup.ts';

const first: AttemptMember = { task: 0, node: 0 };
const size: TerminalSize = { columns: 101, rows: 31 };

export function describeShell(harness: Harness): void {
  const scenario = (): ShellScenario => {
    const { shell } = harness.scenarios;
    if (shell === undefined) {
      throw new Error('The set-up has no scenario "shell", though its provider has shells.');
    }
    return shell;
  };
  const running = async (): Promise<Handle> => {
    const handle = await harness.submit(harness.scenarios.endless.command);
    await readLog(harness.connection, handle, null, 1);
    await harness.until(handle, ({ state }) => state === 'running');
    return handle;
  };
  const open = async (handle: Handle, member = first, signal = never()): Promise<Shell> => {
    const shell = await harness.connection.openShell?.(handle, member, size, signal);
    if (shell === undefined) {
      throw new Error('The connection has no openShell.');
    }
    return shell;
  };

  describe('openShell', () => {
    harness.itIfAble('shell', 'sends what is typed and hands out what is printed', async () => {
      const shell = await open(await running());
      const screen = new Screen(shell);
      for (const { types, prints } of scenario().says) {
        shell.write(Buffer.from(types));
        await screen.until(prints);
      }
      shell.close();
      await screen.end();
    });

    harness.itIfAble('shell', 'has the size of the terminal, and follows it', async () => {
      const shell = await open(await running());
      const screen = new Screen(shell);
      shell.write(Buffer.from(scenario().asksSize));
      await screen.until('31 101');
      shell.resize({ columns: 77, rows: 22 });
      // A shell may hear of its new size a moment after it was told.
      await screen.until('22 77', () => {
        shell.write(Buffer.from(scenario().asksSize));
      });
      shell.close();
      await screen.end();
    });

    harness.itIfAble('shell', 'ends with the shell, and says how where the backend does', async () => {
      const handle = await running();
      const shell = await open(handle);
      const screen = new Screen(shell);
      shell.write(Buffer.from(scenario().exits.types));
      expect(await screen.end()).toBeUndefined();
      expect([scenario().exits.code, null]).toContain(shell.exitCode?.() ?? null);
      expect((await harness.observe(handle)).state).toBe('running');
    });

    harness.itIfAble('shell', 'ends with the attempt', async () => {
      const handle = await running();
      const screen = new Screen(await open(handle));
      await harness.connection.cancel(handle, never());
      const error = await screen.end();
      expect(error === undefined || isProviderError(error), String(error)).toBe(true);
      expect((await harness.end(handle)).state).toBe('cancelled');
    });

    harness.itIfAble('shell', 'is let go of with close: its output ends and the attempt runs on', async () => {
      const handle = await running();
      const shell = await open(handle);
      const screen = new Screen(shell);
      shell.close();
      expect(await screen.end()).toBeUndefined();
      expect((await harness.observe(handle)).state).toBe('running');
    });

    harness.itIfAble('shell', 'ends with its signal, before and after it is open', async () => {
      const handle = await running();
      const reason = new Error('stopped by the test');
      expect(await rejection(open(handle, first, AbortSignal.abort(reason)))).toBe(reason);
      const stop = new AbortController();
      const screen = new Screen(await open(handle, first, stop.signal));
      stop.abort(reason);
      expect([undefined, reason]).toContain(await screen.end());
      expect((await harness.observe(handle)).state).toBe('running');
    });

    harness.itIfAble(
      'shell',
      'is refused in an attempt that has ended, and in a member that is not there',
      async () => {
        const ended = await harness.submit(harness.scenarios.prints.command);
        await harness.end(ended);
        expect(isProviderError(await rejection(open(ended)))).toBe(true);
        const alive = await running();
        expect(isProviderError(await rejection(open(alive, { task: 0, node: 99 })))).toBe(true);
      },
    );

    harness.itIfAble('shell', 'is refused while the attempt waits', async () => {
      const { holdQueue } = harness.started.faults;
      if (holdQueue !== undefined) {
        const release = await holdQueue();
        const waiting = await harness.submit(harness.scenarios.prints.command);
        expect(isProviderError(await rejection(open(waiting)))).toBe(true);
        await release();
      }
    });

    harness.itIfAble('shell', 'may be open several times', async () => {
      const handle = await running();
      const shells = await Promise.all([open(handle), open(handle), open(handle)]);
      const screens = shells.map((shell) => new Screen(shell));
      const [{ types, prints } = { types: '', prints: '' }] = scenario().says;
      for (const [index, shell] of shells.entries()) {
        shell.write(Buffer.from(types));
        await screens[index]?.until(prints);
        shell.close();
      }
      await Promise.all(screens.map(async (screen) => await screen.end()));
    });

    harness.itIfAbleWith(
      'shell',
      'loseConnections',
      'rejects when the connection is lost; another can be opened',
      async (lose) => {
        const handle = await running();
        const screen = new Screen(await open(handle));
        await lose();
        const error = await screen.end();
        expect(isProviderError(error), String(error)).toBe(true);
        const again = await open(handle);
        const other = new Screen(again);
        const [{ types, prints } = { types: '', prints: '' }] = scenario().says;
        again.write(Buffer.from(types));
        await other.until(prints);
        again.close();
        await other.end();
      },
    );
  });
}

/** What a shell has printed so far. */
class Screen {
  #text = '';
  #ended = false;
  readonly #reading: Promise<unknown>;

  constructor(shell: Shell) {
    const decoder = new TextDecoder();
    this.#reading = (async () => {
      try {
        for await (const bytes of shell.output) {
          this.#text += decoder.decode(bytes, { stream: true });
        }
        return undefined;
      } catch (error) {
        return error;
      } finally {
        this.#ended = true;
      }
    })();
  }

  /** Waits until `text` was printed; `again` is done now and then meanwhile. The end of the output fails the case. */
  async until(text: string, again: () => void = () => undefined): Promise<void> {
    await expect
      .poll(
        () => {
          if (this.#ended && !this.#text.includes(text)) {
            throw new Error(`The shell ended before it printed ${JSON.stringify(text)}: ${JSON.stringify(this.#text)}`);
          }
          again();
          return this.#text;
        },
        { timeout: 20_000, interval: 50 },
      )
      .toContain(text);
  }

  /** Waits for the end; what the output rejected with. */
  async end(): Promise<unknown> {
    return await this.#reading;
  }
}

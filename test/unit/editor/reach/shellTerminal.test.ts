import { describe, expect, it } from 'vitest';

import { Emitter } from '../../../../src/core/event.ts';
import type { Shell, TerminalSize } from '../../../../src/core/provider.ts';
import { ProviderError } from '../../../../src/core/providerError.ts';
import { ShellTerminal } from '../../../../src/editor/reach/shellTerminal.ts';

/** A shell whose other end is the test. */
class FakeShell implements Shell {
  readonly typed: string[] = [];
  readonly sizes: TerminalSize[] = [];
  readonly #queue: (Uint8Array | Error | 'end')[] = [];
  #wake: () => void = () => undefined;
  code: number | null = null;
  isClosed = false;
  readonly output = this.#read();

  exitCode(): number | null {
    return this.code;
  }

  write(bytes: Uint8Array): void {
    this.typed.push(Buffer.from(bytes).toString('utf8'));
  }

  resize(size: TerminalSize): void {
    this.sizes.push(size);
  }

  close(): void {
    this.isClosed = true;
    this.give('end');
  }

  give(item: Uint8Array | Error | 'end'): void {
    this.#queue.push(item);
    this.#wake();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const item = this.#queue.shift();
      if (item instanceof Error) {
        throw item;
      }
      if (item === 'end') {
        return;
      }
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else {
        yield item;
      }
    }
  }
}

function terminal() {
  const shells: FakeShell[] = [];
  const opened: { readonly size: TerminalSize; readonly signal: AbortSignal }[] = [];
  const changed = new Emitter<undefined>();
  const state = { end: null as string | null, refusal: null as Error | null, gate: Promise.resolve() };
  const pty = new ShellTerminal({
    where: 'train.py, node 1',
    open: async (size, signal) => {
      opened.push({ size, signal });
      await state.gate;
      if (state.refusal !== null) {
        throw state.refusal;
      }
      const shell = new FakeShell();
      shells.push(shell);
      return shell;
    },
    jobEnd: () => state.end,
    onDidChangeJob: changed.event,
  });
  let screen = '';
  const exits: (number | void)[] = [];
  pty.onDidWrite((text) => {
    screen += text;
  });
  pty.onDidClose((code) => {
    exits.push(code);
  });
  const shows = async (text: string): Promise<void> => {
    await expect.poll(() => screen).toContain(text);
  };
  const shell = async (count = 1): Promise<FakeShell> => {
    await expect.poll(() => shells.length).toBe(count);
    const newest = shells.at(-1);
    if (newest === undefined) {
      throw new Error('no shell');
    }
    await expect.poll(() => newest.sizes.length).toBeGreaterThan(0);
    return newest;
  };
  const endJob = (end: string): void => {
    state.end = end;
    changed.fire(undefined);
  };
  return { pty, shell, shows, exits, opened, state, changed, endJob, screen: () => screen };
}

describe('a shell in a terminal', () => {
  it('prints what comes, with characters that arrive in pieces', async () => {
    const { pty, shell, shows, screen } = terminal();
    pty.open({ columns: 100, rows: 30 });
    const open = await shell();
    for (const byte of Buffer.from('grüße 😀 done')) {
      open.give(Uint8Array.of(byte));
    }
    await shows('grüße 😀 done');
    expect(screen()).not.toContain('\uFFFD');
    expect(screen()).toContain('Opening a shell in train.py, node 1…');
  });

  it('sends what is typed, whatever it is', async () => {
    const { pty, shell } = terminal();
    pty.open(undefined);
    const open = await shell();
    for (const keys of ['ls', '\r', '\u0003', '\u001b[A', 'ü😀']) {
      pty.handleInput(keys);
    }
    expect(open.typed).toEqual(['ls', '\r', '\u0003', '\u001b[A', 'ü😀']);
  });

  it('sends what was typed while it was on its way, and not to the one after', async () => {
    const { pty, shell, state, shows } = terminal();
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    pty.open(undefined);
    pty.handleInput('nvidia-smi');
    pty.handleInput('\r');
    gate.resolve();
    const open = await shell();
    await expect.poll(() => open.typed).toEqual(['nvidia-smi\r']);
    open.give('end');
    await shows('The shell has ended.');
    pty.handleInput('\r');
    expect((await shell(2)).typed).toEqual([]);
  });

  it('has the size of the terminal, also when that changed while it was on its way', async () => {
    const { pty, shell, state, opened } = terminal();
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    pty.open({ columns: 100, rows: 30 });
    pty.setDimensions({ columns: 120, rows: 40 });
    gate.resolve();
    const open = await shell();
    expect(opened.map(({ size }) => size)).toEqual([{ columns: 100, rows: 30 }]);
    pty.setDimensions({ columns: 60, rows: 20 });
    expect(open.sizes).toEqual([
      { columns: 120, rows: 40 },
      { columns: 60, rows: 20 },
    ]);
  });

  it('closes with a shell that was left in order', async () => {
    const { pty, shell, exits } = terminal();
    pty.open(undefined);
    const open = await shell();
    open.code = 0;
    open.give('end');
    await expect.poll(() => exits).toEqual([0]);
  });

  it.each([
    [130, 'The shell ended with exit code 130.'],
    [null, 'The shell has ended.'],
  ])('that ended with %j says so, and Enter opens another', async (code, sentence) => {
    const { pty, shell, shows, exits } = terminal();
    pty.open(undefined);
    const open = await shell();
    open.code = code;
    open.give('end');
    await shows(sentence);
    await shows('Press Enter to open another one');
    expect(exits).toEqual([]);
    pty.handleInput('\r');
    const next = await shell(2);
    next.give(Buffer.from('again'));
    await shows('again');
  });

  it('that was lost says why and what can be done; another key closes', async () => {
    const { pty, shell, shows, exits } = terminal();
    pty.open(undefined);
    const open = await shell();
    open.give(new ProviderError('transient', 'The connection to lab was lost.', { remedy: 'Check the network.' }));
    await shows('The connection to lab was lost. Check the network.');
    expect(exits).toEqual([]);
    pty.handleInput('q');
    expect(exits).toHaveLength(1);
  });

  it('that cannot be opened says why', async () => {
    const { pty, shows, state, shell } = terminal();
    state.refusal = new ProviderError('auth', 'Sign in first.');
    pty.open(undefined);
    await shows('Sign in first.');
    state.refusal = null;
    pty.handleInput('\r');
    await shell();
  });

  it('ends with its job, with one clear line, whether the shell ends first or not', async () => {
    for (const shellFirst of [true, false]) {
      const { pty, shell, shows, endJob, exits, screen, opened } = terminal();
      pty.open(undefined);
      const open = await shell();
      if (shellFirst) {
        open.give('end');
        await shows('The shell has ended.');
      }
      endJob('The job does not run any more. Succeeded.');
      await shows('The job does not run any more. Succeeded.');
      await shows('Press any key to close this terminal.');
      endJob('The job does not run any more. Succeeded.');
      expect(screen().split('does not run any more')).toHaveLength(2);
      expect(opened[0]?.signal.aborted).toBe(!shellFirst);
      pty.handleInput('\r');
      expect(exits).toHaveLength(1);
    }
  });

  it('blames the job, not the connection, when the job ended', async () => {
    const { pty, shell, shows, state, screen } = terminal();
    pty.open(undefined);
    const open = await shell();
    state.end = 'The job was deleted.';
    open.give(new ProviderError('transient', 'The connection was lost.'));
    await shows('The job was deleted.');
    expect(screen()).not.toContain('connection was lost');
  });

  it('can be given up while it is on its way, and is then let go of', async () => {
    const { pty, state, opened, exits, screen } = terminal();
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    pty.open(undefined);
    pty.handleInput('make');
    pty.handleInput('\u0003');
    expect(exits).toHaveLength(1);
    pty.close();
    gate.resolve();
    await expect.poll(() => opened[0]?.signal.aborted).toBe(true);
    expect(screen()).not.toContain('Press');
  });

  it('that is closed ends the shell and listens to the job no more', async () => {
    const { pty, shell, opened, changed } = terminal();
    pty.open(undefined);
    await shell();
    pty.close();
    expect(opened[0]?.signal.aborted).toBe(true);
    expect(changed.hasListeners).toBe(false);
  });

  it('keeps control characters of errors away from the screen', async () => {
    const { pty, shows, state, screen } = terminal();
    state.refusal = new ProviderError('invalid', 'bad\u001b]0;title\u0007\r\nname');
    pty.open(undefined);
    await shows('bad ]0;title name');
    expect(screen()).not.toContain('\u001b]0');
  });
});

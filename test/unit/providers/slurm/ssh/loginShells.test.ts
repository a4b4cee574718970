import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { SshHost } from '../../../../../src/providers/slurm/ssh/sshHost.ts';
import { describeSsh } from '../../../../slurm/describeSsh.ts';
import { type Sshd, startSshd } from '../../../../slurm/sshd.ts';
import { processesWith } from '../hostCases.ts';
import { sshPorts } from './sshPorts.ts';

const signal = new AbortController().signal;

/** With the start-up files that each reads when sshd runs a command with it. */
const shells = [
  { shell: 'dash', files: [], environment: '' },
  { shell: 'bash', files: ['.bashrc', '.env'], environment: 'BASH_ENV="$HOME/.env" ' },
  { shell: 'zsh', files: ['.zshenv'], environment: '' },
  { shell: 'fish', files: ['.config/fish/config.fish'], environment: '' },
  { shell: 'csh', files: ['.cshrc'], environment: '' },
  { shell: 'tcsh', files: ['.tcshrc'], environment: '' },
] as const;

describeSsh('behind a login shell', () => {
  for (const { shell, files, environment } of shells) {
    const missing = !isInstalled(shell);
    describe.skipIf(missing)(missing ? `${shell} (skipped: it is not installed)` : shell, () => {
      let home: string;
      let sshd: Sshd;
      let host: SshHost;

      beforeAll(async () => {
        home = mkdtempSync(join(tmpdir(), 'aloft-home-'));
        mkdirSync(join(home, '.config', 'fish'), { recursive: true });
        for (const file of files) {
          writeFileSync(join(home, file), 'echo "Welcome! aloft-0000 modules loaded"\nsh -c "echo warning >&2"\n');
        }
        sshd = await startSshd({ shell: `env ${environment}${shell} -c`, home });
        const configFile = join(home, 'config');
        writeFileSync(configFile, sshd.stanza('login'));
        host = new SshHost({ host: 'login', configFile }, sshPorts());
      });

      afterAll(async () => {
        await host.dispose();
        await sshd.dispose();
        rmSync(home, { recursive: true, force: true });
      });

      test('a script has its arguments, and its output without the noise of start-up files', async () => {
        const script = { text: 'echo "$HOME" "$2"; printf "%s" "$1" >&2; exit 9', args: [`it's \\n`, 'two  words'] };
        await expect(host.run(script, signal)).resolves.toEqual({
          exitCode: 9,
          stdout: `${home} two  words\n`,
          stderr: `it's \\n`,
        });
      });

      test('whatever it holds', async () => {
        await fc.assert(
          fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async (text) => {
            const arg = text.replaceAll('\0', '');
            const { stdout } = await host.run({ text: `printf '%s.' "$1"`, args: [arg] }, signal);
            expect(stdout).toBe(`${arg}.`);
          }),
          {
            numRuns: 10,
            examples: [
              [`'"\\\\'\\'\\"`],
              ['!! !x ^a^b $HOME ${x} `id` $(id) ~ * ? [a] {b,c}'],
              ['line\nline\\\n\n'],
              ['# % & | ; < > ( ) \t \r \u001b é \u0081 \u{1f600} \u2028'],
            ],
          },
        );
      });

      test('also when it is too long for a command line', async () => {
        const { stdout } = await host.run({ text: 'echo ${#1}', args: [`'\\!\n`.repeat(50_000)] }, signal);
        expect(stdout).toBe('200000\n');
      });

      test('input arrives, files are read, and an abort leaves nothing behind', async () => {
        const input = Buffer.from('\0\u0001!\\\'"\n');
        const { stdout } = await host.run({ text: 'od -An -tx1 | tr -d " \\n"', input }, signal);
        expect(stdout).toBe(input.toString('hex'));

        const file = join(home, 'file');
        writeFileSync(file, 'content');
        let read = '';
        for await (const piece of host.readFile(file, 3, signal)) {
          read += Buffer.from(piece).toString();
        }
        expect(read).toBe('tent');
        const missing = host.readFile(`${file}.not`, 0, signal)[Symbol.asyncIterator]();
        await expect(missing.next()).rejects.toMatchObject({ tag: 'notFound' });

        const mark = `65${process.pid}.${Math.trunc(Math.random() * 1e9)}`;
        const abort = new AbortController();
        const running = host.run({ text: 'sleep "$1" & sleep "$1"', args: [mark] }, abort.signal);
        await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toHaveLength(2), { timeout: 20_000 });
        abort.abort(new Error('stop'));
        await expect(running).rejects.toThrow('stop');
        await vi.waitFor(() => expect(processesWith(`sleep ${mark}`)).toEqual([]), { timeout: 20_000 });
      });
    });
  }
});

function isInstalled(shell: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', shell], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellNotice } from '../../../src/core/shellNotice.ts';

const shells: readonly (readonly [string, ...string[]])[] = [['sh'], ['bash', '--norc', '-i'], ['zsh', '-f', '-i']];

const attacks = [
  'a plain sentence, which ends.',
  "it's 'quoted'; echo out",
  "'",
  String.raw`back\slash \' ; echo out`,
  '$(echo out) `echo out` ${HOME} "$HOME" > out | out & out',
  'two\nlines\necho out\r\necho out\u2028echo out\u0085echo out',
  'nul\0 escape\u001B[201~\necho out\u009B bell\u0007',
  '# no comment; !! !$ *?[a] ~ {a,b} =ls',
  '',
];

describe.each(shells)('shellNotice in %s', (shell, ...args) => {
  const isThere = spawnSync(shell, ['-c', 'exit 0']).status === 0;

  it.skipIf(!isThere).each(attacks)('does and prints nothing: %j', (text) => {
    const line = shellNotice(text);
    expect(line).toMatch(/^[^\n]*\n$/u);
    const { stdout, stderr, status } = spawnSync(shell, args, {
      input: `${line}echo after\nexit 0\n`,
      encoding: 'utf8',
      env: { ...process.env, TERM: 'dumb', PS1: '', PS2: 'unfinished ' },
    });
    expect(stdout).toBe('after\n');
    expect(stderr).not.toMatch(/not found|unfinished|unmatched|unexpected|error/u);
    expect(status).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { checkTarget, parseTarget } from '../../../../../src/providers/slurm/ssh/target.ts';

describe('what is typed as a host', () => {
  test.each([
    ['login', { host: 'login', user: null, port: null }],
    ['  login.example  ', { host: 'login.example', user: null, port: null }],
    ['ada@login', { host: 'login', user: 'ada', port: null }],
    ['ada@login:2222', { host: 'login', user: 'ada', port: 2222 }],
    ['login:22', { host: 'login', user: null, port: 22 }],
    ['ssh://ada@login:2222', { host: 'login', user: 'ada', port: 2222 }],
    ['ada@uni.example@login', { host: 'login', user: 'ada@uni.example', port: null }],
    [String.raw`UNI\ada@login`, { host: 'login', user: String.raw`UNI\ada`, port: null }],
    ['::1', { host: '::1', user: null, port: null }],
    ['ada@[fe80::1%eth0]:22', { host: 'fe80::1%eth0', user: 'ada', port: 22 }],
    ['my_cluster+gpu', { host: 'my_cluster+gpu', user: null, port: null }],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
    expect(checkTarget(text)).toBeNull();
  });

  test.each([
    '',
    ' ',
    'ada@',
    '-oProxyCommand=touch /tmp/x',
    '-oProxyCommand=x',
    '--',
    '-F/tmp/config',
    'ada@-oProxyCommand=x',
    '-l@login',
    '-oProxyCommand=x@login',
    'log in',
    'login\n-oProxyCommand=x',
    'login\0',
    'login\u2028x',
    'login\u200b',
    'login;id',
    '$(id)',
    '`id`',
    "login'",
    'login"',
    'a|b',
    'a&b',
    'a>b',
    'a{b,c}',
    'login*',
    '!login',
    '#login',
    String.raw`log\in`,
    'ada lovelace@login',
    'login:0',
    'login:65536',
    'login:22x',
    'login:-1',
    'login:',
  ])('refuses %j', (text) => {
    expect(checkTarget(text)).toEqual(expect.any(String));
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({ tag: 'invalid', field: 'host' }));
  });

  test('never lets through what could be an option, a second line or a second word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        if (checkTarget(text) === null) {
          const { host, user } = parseTarget(text);
          expect(host).toMatch(/^[^-\s\p{C}][^\s\p{C}'"`$\\;&<>|]*$/u);
          expect(user ?? 'x').toMatch(/^[^-\s\p{C}][^\s\p{C}'"`$;&<>|]*$/u);
        }
      }),
    );
  });
});

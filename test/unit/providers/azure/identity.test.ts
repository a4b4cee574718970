import { describe, expect, it } from 'vitest';
import { mayBeOf } from '../../../../src/providers/azure/identity.ts';

function tokenOf(claims: object): string {
  return `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

const oid = '11111111-2222-4333-8444-555555555555';
const ada = { upn: 'Ada@lab.example', name: 'Ada Lovelace', oid };

describe('what somebody made', () => {
  it.each([
    [ada, 'ada@lab.example', true],
    [ada, 'bob@lab.example', false],
    [ada, 'ada lovelace ', true],
    [ada, 'Bob', false],
    [ada, oid.toUpperCase(), true],
    [ada, '99999999-2222-4333-8444-555555555555', false],
    [ada, null, true],
    [ada, '', true],
    [{ upn: 'ada@lab.example' }, 'Ada Lovelace', true],
    [{ oid }, 'bob@lab.example', true],
    [{ unique_name: 'live.com#ada@mail.example', email: 'ada@mail.example' }, 'ada_mail.example', true],
    [ada, 'ada_mail.example#EXT#@lab.example', true],
  ])('%o and %j: %j', (claims, createdBy, may) => {
    expect(mayBeOf(tokenOf(claims), createdBy)).toBe(may);
  });

  it('cannot be told where the token cannot be read', () => {
    expect(mayBeOf('x', 'bob@lab.example')).toBe(true);
  });
});

import { expect, it } from 'vitest';

import { ListedSecrets } from '../../../../src/editor/connections/listedSecrets.ts';
import { MemoryValues } from '../../../fixtures/editor/memoryValues.ts';
import { memorySecrets } from '../../../fixtures/editor/memorySecrets.ts';

it('forgets all secrets of a connection together, and those of others not', async () => {
  const { secrets, kept } = memorySecrets();
  const values = new MemoryValues();
  kept.set('other', 'stays');
  const listed = new ListedSecrets(secrets, values);
  await listed.set('password', 'hunter2');
  await listed.set('passphrase', 'correct horse');
  await listed.set('password', 'hunter3');
  await listed.delete('passphrase');
  expect(await listed.get('password')).toBe('hunter3');
  await listed.set('passphrase', 'correct horse');
  // As after a restart.
  await new ListedSecrets(secrets, values).deleteAll();
  expect([...kept]).toEqual([['other', 'stays']]);
});

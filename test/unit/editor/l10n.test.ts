import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { localizedStrings } from '../../../scripts/localizedStrings.ts';
import { t, useStrings } from '../../../src/editor/l10n.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the bundle that translators start from', () => {
  it('has every text of the sources (else run scripts/l10n.ts)', async () => {
    const bundle: unknown = JSON.parse(await readFile(join(root, 'l10n', 'bundle.l10n.json'), 'utf8'));
    const { texts, computed } = await localizedStrings(root);
    expect(computed).toEqual([]);
    expect(bundle).toEqual(Object.fromEntries(texts.map((text) => [text, text])));
  });

  it('is found by the script in every layer that has texts', async () => {
    const { texts } = await localizedStrings(root);
    expect(texts).toEqual(expect.arrayContaining(['Which job?', 'CPU only', 'Submit', 'Notification Settings']));
  });
});

describe('t', () => {
  afterEach(() => {
    useStrings(undefined);
  });

  it('gives the English text without a translation', () => {
    expect(t('{0} of {1}', 3, 'four')).toBe('3 of four');
  });

  it('gives the translation, whose placeholders may stand in another order', () => {
    useStrings({ '{0} of {1}': 'von {1}: {0}' });
    expect(t('{0} of {1}', 3, 'four')).toBe('von four: 3');
  });

  it('leaves placeholders without an argument, and does not fill in what arguments bring along', () => {
    expect(t('{0} and {1}', '{1}')).toBe('{1} and {1}');
    expect(t('toString')).toBe('toString');
  });
});

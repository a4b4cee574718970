import { expect, test } from 'vitest';

import { htmlText } from '../../../src/editor/htmlText.ts';

test('a text can neither end what it stands in nor begin anything', () => {
  expect(htmlText(`</title><h1 class="x">it's</h1> & &amp;`)).toBe(
    '&lt;/title&gt;&lt;h1 class=&quot;x&quot;&gt;it&#39;s&lt;/h1&gt; &amp; &amp;amp;',
  );
  expect(htmlText('größe = 3')).toBe('größe = 3');
});

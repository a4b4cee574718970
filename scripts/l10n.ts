// Writes the texts of the sources to the bundle that translators start from.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { localizedStrings } from './localizedStrings.ts';
import { root } from './steps.ts';

const { texts, computed } = await localizedStrings(root);
for (const line of computed) {
  console.error(`not a plain text: ${line}`);
}
const bundle = Object.fromEntries(texts.map((text) => [text, text]));
await writeFile(join(root, 'l10n', 'bundle.l10n.json'), `${JSON.stringify(bundle, null, 2)}\n`);
console.log(`${texts.length} texts`);
process.exitCode = computed.length === 0 ? 0 : 1;

import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface LocalizedStrings {
  /** Each text once, in alphabetical order. */
  readonly texts: readonly string[];
  /** `file: call` of what cannot be found by reading the sources, as its text is computed. */
  readonly computed: readonly string[];
}

const call = /(?<![.\w]|function )(?:vscode\.l10n\.)?t\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|[^\n]*)/gu;

/** Every text that is given to `vscode.l10n.t` or to a `t` of ours in the parts of `root` that speak to people. */
export async function localizedStrings(root: string): Promise<LocalizedStrings> {
  const texts = new Set<string>();
  const computed: string[] = [];
  for await (const file of glob(['src/{,editor/**/}*.ts', 'webview/**/*.{ts,tsx}'], { cwd: root })) {
    const source = await readFile(join(root, file), 'utf8');
    for (const [whole, single, double] of source.matchAll(call)) {
      const literal = single ?? double;
      if (literal === undefined) {
        computed.push(`${file}: ${whole}`);
      } else {
        texts.add(
          literal.replaceAll(/\\(.)/gu, (_escape, character: string) => (character === 'n' ? '\n' : character)),
        );
      }
    }
  }
  return { texts: [...texts].toSorted(), computed };
}

/** Folders of installed code: a file of the same name there is another file. */
const INSTALLED =
  /(?:^|\/)(?:site-packages|dist-packages|lib(?:64)?\/python[\d.]+|torchinductor_[^/]*|node_modules)(?:\/|$)/;

/**
 * The file of the submitted snapshot that a frame means, or null when it is none or not sure. `files` are paths relative to
 * the snapshot, `roots` the absolute folders where it lay on the machine that ran it, when they are known. All with `/`.
 */
export function matchFrame(framePath: string, files: ReadonlySet<string>, roots: readonly string[]): string | null {
  const path = normal(framePath);
  if (path === null) return null;
  const { parts, anchored } = path;
  const whole = (anchored === 'root' ? '/' : '') + parts.join('/');
  for (const root of roots.toSorted((a, b) => b.length - a.length)) {
    const folder = normal(root)?.parts.join('/');
    if (folder !== undefined && anchored === 'root' && whole.slice(1).startsWith(`${folder}/`)) {
      const inside = whole.slice(folder.length + 2);
      return files.has(inside) ? inside : null;
    }
  }
  if (anchored === 'start' && files.has(whole)) return whole;
  if (INSTALLED.test(whole)) return null;
  const enough = roots.length > 0 || anchored === 'above' ? 2 : 1;
  return (
    bySuffix(parts, files, anchored === 'start' ? 2 : enough) ??
    (anchored === 'start' ? onlyEnding(whole, files) : null)
  );
}

/** The longest end of the path that is a whole path of the snapshot. A name alone must be the only one of its kind. */
function bySuffix(parts: readonly string[], files: ReadonlySet<string>, enough: number): string | null {
  for (let from = 0; parts.length - from >= enough; from += 1) {
    const end = parts.slice(from).join('/');
    if (files.has(end)) return end.includes('/') || onlyEnding(end, files) === end ? end : null;
  }
  return null;
}

/** The only file of the snapshot that is at this path, or at this path in some folder. */
function onlyEnding(path: string, files: ReadonlySet<string>): string | null {
  let only: string | null = null;
  for (const file of files) {
    if (file !== path && !file.endsWith(`/${path}`)) continue;
    if (only !== null) return null;
    only = file;
  }
  return only;
}

/**
 * The parts of a path, and what it begins at: the root of the file system, the folder the program was started in, or a
 * folder above one that is not known. Null for what is no path: `<string>`, a cell of a notebook.
 */
function normal(text: string): { readonly parts: string[]; readonly anchored: 'root' | 'start' | 'above' } | null {
  if (text === '' || text.startsWith('<') || text.includes('\0')) return null;
  const slashed = text.replaceAll('\\', '/');
  const drive = /^([A-Za-z]):\//.exec(slashed)?.[1]?.toLowerCase();
  const parts: string[] = [];
  let anchored: 'root' | 'start' | 'above' = drive === undefined && !/^[~/]/.test(slashed) ? 'start' : 'root';
  for (const part of slashed.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.pop() === undefined) anchored = 'above';
    else if (part !== '..') parts.push(part);
  }
  if (drive !== undefined) parts[0] = `${drive}:`;
  return parts.length === 0 ? null : { parts, anchored };
}

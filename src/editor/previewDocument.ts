import { formatBytes } from '../core/quantity.ts';
import type { Plan } from '../core/provider.ts';
import type { SnapshotPreview } from '../engine/snapshot/preview.ts';
import { t } from './l10n.ts';

/** The text of a preview tab: what goes, what is held back, and the native request as it will be sent. */
export function previewText(preview: SnapshotPreview, plan: Plan | null): string {
  const mark = plan === null || plan.language === 'json' ? '//' : '#';
  const { files, bytes, folder } = preview;
  const head = [
    files.length === 1
      ? t('1 file, {0}, will be sent from {1}', formatBytes(bytes), folder)
      : t('{0} files, {1}, will be sent from {2}', files.length, formatBytes(bytes), folder),
    ...section(t('Nothing can be sent as things are'), preview.refused.map(reasoned)),
    ...section(
      t('Held back: not sent unless you include them in the form'),
      preview.heldBack.map((file) => `${size(file.bytes)}  ${reasoned(file)}`),
    ),
    ...section(t('Left out'), leftOut(preview)),
    ...section(
      t('Files'),
      files.map((file) => `${size(file.bytes)}  ${file.path}`),
    ),
    ...(plan === null
      ? []
      : ['', t('Request, exactly as it will be sent'), ...plan.warnings.map((text) => `  ${text}`)]),
  ];
  const comments = head.map((line) => (line === '' ? '' : `${mark} ${printable(line)}`));
  return `${[...comments, ...(plan === null ? [] : ['', plan.text])].join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function leftOut({ skipped, ignoredFiles }: SnapshotPreview): readonly string[] {
  const folders = skipped.map(({ path, rule }) => `${path}: ${rule}`);
  return ignoredFiles === 0 ? folders : [...folders, t('files that ignore rules name one by one: {0}', ignoredFiles)];
}

const reasoned = ({ path, reason }: { readonly path: string; readonly reason: string }): string => `${path}: ${reason}`;

const size = (bytes: number): string => formatBytes(bytes).padStart(9);

/** A hostile file name must not end the comment it stands in, nor change the direction of what follows. */
function printable(line: string): string {
  return line.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

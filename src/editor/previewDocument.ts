import { formatBytes } from '../core/quantity.ts';
import type { Plan } from '../core/provider.ts';
import type { SnapshotPreview } from '../engine/snapshot/preview.ts';

/** The text of a preview tab: what goes, what is held back, and the native request as it will be sent. */
export function previewText(preview: SnapshotPreview, plan: Plan | null): string {
  const comment = plan?.language === 'yaml' || plan?.language === 'shellscript' ? '#' : '//';
  const head = [
    `${preview.files.length} files, ${formatBytes(preview.bytes)} will be sent from ${preview.folder}`,
    ...heldBackLines(preview),
    ...skippedLines(preview),
    '',
    'Files',
    ...preview.files.map((file) => `  ${formatBytes(file.bytes).padStart(9)}  ${printable(file.path)}`),
  ];
  const request = plan === null ? [] : ['', 'Request, exactly as it will be sent', ...plan.warnings.map((warning) => `  note: ${warning}`)];
  const comments = [...head, ...request].map((line) => (line === '' ? '' : `${comment} ${line}`));
  return `${[...comments, ...(plan === null ? [] : ['', plan.text])].join('\n')}\n`;
}

function heldBackLines(preview: SnapshotPreview): readonly string[] {
  if (preview.heldBack.length === 0) {
    return [];
  }
  return [
    '',
    `Held back (${preview.heldBack.length}): not sent unless you include them in the form`,
    ...preview.heldBack.map((file) => `  ${formatBytes(file.bytes).padStart(9)}  ${printable(file.path)}: ${file.reason}`),
  ];
}

function skippedLines(preview: SnapshotPreview): readonly string[] {
  if (preview.skipped.length === 0) {
    return [];
  }
  return ['', 'Left out', ...preview.skipped.map((entry) => `  ${printable(entry.path)}: ${entry.rule}`)];
}

/** A hostile file name must not end the comment it stands in. */
function printable(path: string): string {
  return path.replaceAll(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

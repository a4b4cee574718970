import { formatBytes } from '../core/quantity.ts';
import { formatStart } from '../core/estimate.ts';
import type { EpochMs } from '../core/job.ts';
import type { DryRun } from '../core/provider.ts';
import type { PlannedRequest } from '../engine/preparation.ts';
import type { SnapshotPreview } from '../engine/snapshot/preview.ts';
import { t } from './l10n.ts';

/** What the backend says of the request, which was shown to it but not made. */
export type DryRunState =
  | { readonly kind: 'asking' | 'cancelled' }
  | { readonly kind: 'failed'; readonly message: string; readonly raw: string | null }
  | { readonly kind: 'answered'; readonly answer: DryRun; readonly at: EpochMs };

export interface Preview {
  readonly files: SnapshotPreview;
  readonly planned: PlannedRequest | null;
  /** null where the backend cannot be asked. */
  readonly dryRun: DryRunState | null;
  /** The name of the connection. */
  readonly place: string;
}

/** An answer of more lines than this stands at the end, not between the person and the files. */
const shortAnswer = 8;

/** The text of a preview tab: what goes, what is held back, and the native request as it will be sent. */
export function previewText({ files: preview, planned, dryRun, place }: Preview): string {
  const plan = planned?.plan ?? null;
  const mark = plan === null || plan.language === 'json' ? '//' : '#';
  const { files, bytes, folder } = preview;
  const head = [
    files.length === 1
      ? t('1 file, {0}, will be sent from {1}', formatBytes(bytes), folder)
      : t('{0} files, {1}, will be sent from {2}', files.length, formatBytes(bytes), folder),
    ...(dryRun === null ? [] : section(t('Would {0} take it?', place), dryRunLines(dryRun, place))),
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
  const raw = dryRun === null ? [] : rawLines(dryRun);
  const tail = raw.length > shortAnswer ? section(t('What {0} answered, word for word', place), raw) : [];
  const comments = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => (line === '' ? '' : `${mark} ${printable(line)}`));
  return `${[...comments(head), ...(plan === null ? [] : ['', plan.text.trimEnd()]), ...comments(tail)].join('\n')}\n`;
}

function dryRunLines(dryRun: DryRunState, place: string): readonly string[] {
  const raw = rawLines(dryRun);
  const words = raw.length > shortAnswer ? [t('Its whole answer is at the end.')] : raw;
  switch (dryRun.kind) {
    case 'asking':
      return [t('Asking {0}…', place)];
    case 'cancelled':
      return [t('It was not asked to the end. Press Preview to ask again.')];
    case 'failed':
      return [t('It could not be asked. {0}', dryRun.message), ...words];
    case 'answered': {
      const { accepted, explanation, expectedStartAt } = dryRun.answer;
      const start = formatStart(expectedStartAt, dryRun.at);
      return [
        accepted ? t('Yes: {0}.', explanation) : t('No: {0}.', explanation),
        ...(start === null ? [] : [t('Expected to start about {0}.', start)]),
        ...words,
      ];
    }
  }
}

/** The backend's own words. */
function rawLines(dryRun: DryRunState): readonly string[] {
  const raw = dryRun.kind === 'answered' ? dryRun.answer.raw : dryRun.kind === 'failed' ? dryRun.raw : null;
  return (raw ?? '')
    .trim()
    .split(/\r?\n/u)
    .flatMap((line) => (line === '' ? [] : [`| ${line}`]));
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

import { parseUserPatterns, type UserPatterns } from '../core/metrics/userPattern.ts';
import { parseBytes } from '../core/quantity.ts';

export interface Settings {
  readonly jobEndedNotifications: 'all' | 'failed' | 'none';
  readonly openJobAfterSubmit: boolean;
  /** Where failures of runs are shown: at their lines and in the Problems view, in that view only, or not at all. */
  readonly failuresInCode: 'all' | 'problems' | 'none';
  /** What a person wants found in logs beside what is found anyway. */
  readonly metricPatterns: UserPatterns;
  /** In bytes. */
  readonly maxUploadFileBytes: number;
  /** null: half of the machine's cores. */
  readonly localSlots: number | null;
  readonly localGraceSeconds: number;
}

const defaults: Settings = {
  jobEndedNotifications: 'all',
  openJobAfterSubmit: true,
  failuresInCode: 'all',
  metricPatterns: { patterns: [], errors: [] },
  maxUploadFileBytes: 50 * 1024 ** 2,
  localSlots: null,
  localGraceSeconds: 10,
};

/** Reads every setting; `get` has what people wrote by the name below `aloft`. What makes no sense counts as the default. */
export function parseSettings(get: (name: string) => unknown): Settings {
  const ended = get('notifications.jobEnded');
  const openJob = get('submit.openJob');
  const inCode = get('failures.inCode');
  const maxFileSize = get('upload.maxFileSize');
  const bytes = typeof maxFileSize === 'string' ? parseBytes(maxFileSize) : undefined;
  return {
    jobEndedNotifications:
      ended === 'all' || ended === 'failed' || ended === 'none' ? ended : defaults.jobEndedNotifications,
    openJobAfterSubmit: typeof openJob === 'boolean' ? openJob : defaults.openJobAfterSubmit,
    failuresInCode: inCode === 'all' || inCode === 'problems' || inCode === 'none' ? inCode : defaults.failuresInCode,
    metricPatterns: parseUserPatterns(get('metrics.patterns')),
    maxUploadFileBytes: bytes?.ok === true ? bytes.value : defaults.maxUploadFileBytes,
    localSlots: wholeNumber(get('local.slots'), 1, 1024) ?? defaults.localSlots,
    localGraceSeconds: wholeNumber(get('local.graceSeconds'), 0, 3600) ?? defaults.localGraceSeconds,
  };
}

function wholeNumber(value: unknown, min: number, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : undefined;
}

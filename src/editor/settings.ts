import * as vscode from 'vscode';

import { parseBytes } from '../core/quantity.ts';

export interface Settings {
  readonly jobEndedNotifications: 'all' | 'failed' | 'none';
  readonly openJobAfterSubmit: boolean;
  /** In bytes. */
  readonly maxUploadFileBytes: number;
  /** null: half of the machine's cores. */
  readonly localSlots: number | null;
  readonly localGraceSeconds: number;
}

const defaultMaxUploadFileBytes = 50 * 1024 ** 2;

/** The one place that reads settings. A value of the wrong shape counts as the default. */
export function readSettings(): Settings {
  const configuration = vscode.workspace.getConfiguration('aloft');
  const ended = configuration.get<unknown>('notifications.jobEnded');
  const maxFileSize = configuration.get<unknown>('upload.maxFileSize');
  const parsed = typeof maxFileSize === 'string' ? parseBytes(maxFileSize) : undefined;
  const slots = configuration.get<unknown>('local.slots');
  const grace = configuration.get<unknown>('local.graceSeconds');
  return {
    jobEndedNotifications: ended === 'failed' || ended === 'none' ? ended : 'all',
    openJobAfterSubmit: configuration.get<unknown>('submit.openJob') !== false,
    maxUploadFileBytes: parsed?.ok === true ? parsed.value : defaultMaxUploadFileBytes,
    localSlots: typeof slots === 'number' && Number.isInteger(slots) && slots > 0 ? slots : null,
    localGraceSeconds: typeof grace === 'number' && grace >= 0 ? grace : 10,
  };
}

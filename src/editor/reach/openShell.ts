import * as vscode from 'vscode';

import { currentAttempt, type Job, type RunId } from '../../core/job.ts';
import { stateSentence } from '../../core/stateSentence.ts';
import type { Engine } from '../../engine/engine.ts';
import { pickMember } from './pickMember.ts';
import { mayReach } from './mayReach.ts';
import { ShellTerminal } from './shellTerminal.ts';

/** Opens a terminal with a shell in a running job; says why where that cannot be. */
export async function openShell(engine: Engine, runId: RunId): Promise<void> {
  const job = await mayReach(engine, runId, 'shell');
  const member = job && (await pickMember(job, vscode.l10n.t('Where is the shell to be opened?')));
  if (job === undefined || member === undefined) {
    return;
  }
  const where = [job.name, member.name].filter((part) => part !== '').join(', ');
  const attempt = currentAttempt(job)?.number;
  const pty = new ShellTerminal({
    where,
    open: async (size, signal) => await engine.accepted.openShell(runId, member, size, signal),
    jobEnd: () => jobEnd(engine.store.job(runId), attempt),
    onDidChangeJob: engine.onDidChange,
  });
  vscode.window.createTerminal({ name: where, pty, iconPath: new vscode.ThemeIcon('terminal') }).show();
}

/** `attempt`: the one that the shell is in. */
function jobEnd(job: Job | undefined, attempt: number | undefined): string | null {
  if (job === undefined) {
    return vscode.l10n.t('The job was deleted.');
  }
  return job.state === 'running' && currentAttempt(job)?.number === attempt
    ? null
    : vscode.l10n.t('The job does not run any more. {0}.', stateSentence(job.state, job.reason));
}

import * as vscode from 'vscode';

import { type Job, type RunId, isRunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Engine } from '../engine/engine.ts';
import { failureSentence } from './failures/failureSentence.ts';
import { plain } from './hostileText.ts';
import { readSettings } from './settings.ts';

const submittedKey = 'aloft.submittedHere';
/** Claimed for ever: the notification of a job is shown by one window, once. */
const forEver = 100 * 365 * 24 * 3_600_000;

/** Tells once when a job that was submitted from this workspace has ended. */
export class EndNotifier implements vscode.Disposable {
  readonly #memory: vscode.Memento;
  /** Being submitted here: if that fails, whoever submits says so. */
  readonly #submitting = new Set<RunId>();
  #engine: Engine | undefined;
  #subscription: { dispose(): void } | undefined;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  get #pending(): readonly RunId[] {
    const stored = this.#memory.get<unknown>(submittedKey);
    return Array.isArray(stored) ? stored.filter(isRunId) : [];
  }

  /** A job that is being submitted here; remembered over a reload. */
  async expect(runId: RunId): Promise<void> {
    this.#submitting.add(runId);
    await this.#memory.update(submittedKey, [...this.#pending, runId]);
  }

  /** Its provider accepted it, or the person cancelled it, or the window closes and another finishes it. */
  release(runId: RunId): void {
    this.#submitting.delete(runId);
  }

  /** Its submission failed, and the person knows. */
  async forget(runId: RunId): Promise<void> {
    this.#submitting.delete(runId);
    await this.#memory.update(
      submittedKey,
      this.#pending.filter((other) => other !== runId),
    );
  }

  attach(engine: Engine): void {
    this.#engine = engine;
    this.#subscription = engine.onDidChange(() => {
      this.#check();
    });
    this.#check();
  }

  #check(): void {
    const engine = this.#engine;
    if (engine === undefined) {
      return;
    }
    for (const runId of this.#pending.filter((pending) => !this.#submitting.has(pending))) {
      const job = engine.store.job(runId);
      if (job === undefined || isTerminal(job.state)) {
        void this.#end(engine, runId, job);
      }
    }
  }

  async #end(engine: Engine, runId: RunId, job: Job | undefined): Promise<void> {
    await this.forget(runId);
    const wanted = readSettings().jobEndedNotifications;
    if (job === undefined || wanted === 'none') {
      return;
    }
    const givenUp = job.state === 'cancelled' ? engine.store.givenUpBecause(runId) : null;
    const isBad = job.state === 'failed' || givenUp !== null;
    // Whoever cancels a job knows that it ends.
    const silent = !isBad && (job.state === 'cancelled' || wanted === 'failed');
    if (!silent && engine.store.acquireLease(`notified:${runId}`, forEver)) {
      await show(engine, job, givenUp);
    }
  }

  dispose(): void {
    this.#subscription?.dispose();
  }
}

/** How long a notification waits for the end of a log, in ms. */
const logPatience = 5_000;

/** `givenUp`: why Aloft cancelled it. */
async function show({ logs }: Engine, job: Job, givenUp: string | null): Promise<void> {
  const isBad = job.state !== 'succeeded';
  const open = { title: vscode.l10n.t('Open Log'), command: 'aloft.openJob', argument: job.runId };
  const next = isBad
    ? { title: vscode.l10n.t('Submit Again'), command: 'aloft.submitAgain', argument: job.runId }
    : { title: vscode.l10n.t('Download Outputs'), command: 'aloft.downloadOutputs', argument: job.runId };
  const settings = {
    title: vscode.l10n.t('Notification Settings'),
    command: 'workbench.action.openSettings',
    argument: 'aloft.notifications.jobEnded',
  };
  const chosen = isBad
    ? await vscode.window.showWarningMessage(
        plain(
          givenUp === null
            ? vscode.l10n.t(
                '{0} failed: {1}',
                job.name,
                await failureSentence(logs, job, AbortSignal.timeout(logPatience)),
              )
            : vscode.l10n.t('{0} was cancelled by Aloft: {1}', job.name, givenUp),
        ),
        open,
        next,
        settings,
      )
    : await vscode.window.showInformationMessage(
        plain(vscode.l10n.t('{0} succeeded.', job.name)),
        open,
        next,
        settings,
      );
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command, chosen.argument);
  }
}

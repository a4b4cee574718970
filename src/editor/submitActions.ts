import { stat } from 'node:fs/promises';

import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Logger, Secrets } from '../core/ports.ts';
import { ProviderError } from '../core/providerError.ts';
import type { Engine } from '../engine/engine.ts';
import { askedSpec } from '../engine/making.ts';
import type { PlannedRequest, SubmitRequest } from '../engine/preparation.ts';
import type { FormDraft } from '../protocol/submitForm.ts';
import { errorSentence, isAbort, nativeWords } from './errorSentence.ts';
import { startOfFile } from './fileStart.ts';
import { draftForFile } from './formDraft.ts';
import type { FormMemory } from './formMemory.ts';
import type { JobPanels } from './jobPanels.ts';
import type { EndNotifier } from './notifications.ts';
import { pathInside } from './pathInside.ts';
import type { DryRunState, Preview } from './previewDocument.ts';
import type { PreviewDocuments } from './previewDocuments.ts';
import { withProgress } from './progress.ts';
import { saveAll } from './saveAll.ts';
import { readSettings } from './settings.ts';
import { showError } from './showError.ts';
import type { SubmitModel } from './submitModel.ts';
import type { FormWish, SubmitView } from './submitView.ts';
import type { WorkspaceContext } from './workspaceContext.ts';

export interface SubmitActionsDeps {
  readonly engine: () => Promise<Engine>;
  readonly workspace: WorkspaceContext;
  readonly model: SubmitModel;
  readonly memory: FormMemory;
  readonly view: SubmitView;
  readonly panels: JobPanels;
  readonly notifier: EndNotifier;
  readonly previews: PreviewDocuments;
  readonly jobSecrets: Secrets;
  readonly mintRunId: () => RunId;
  readonly interpreterOf: (folder: string) => Promise<string | null>;
  readonly logger: Logger;
}

/** Everything that makes a job or shows what it would be made of. */
export class SubmitActions {
  readonly #deps: SubmitActionsDeps;
  /** Jobs that are being submitted again right now. */
  readonly #again = new Set<RunId>();
  /** Ends the question that the preview before the next one asks. */
  #dryRun = new AbortController();

  constructor(deps: SubmitActionsDeps) {
    this.#deps = deps;
  }

  /** Does what the person asked for in the form. Never rejects: what fails is shown. */
  async fulfil(wish: FormWish): Promise<void> {
    try {
      switch (wish.type) {
        case 'submit':
          await this.#submitForm(wish.draft);
          break;
        case 'preview':
          await this.#previewForm(wish.draft);
          break;
        case 'setSecret':
          await this.#setSecret(wish.name);
          await backToForm();
          break;
        case 'resolveBlocked':
          await this.#deps.workspace.resolveBlocked();
          break;
        case 'addProvider':
          await vscode.commands.executeCommand('aloft.addProvider');
          await backToForm();
          break;
      }
    } catch (error) {
      this.#deps.logger.error(`${wish.type} failed`, error);
      void showError(error);
    }
  }

  /** Submits a file, by default the one in the active editor; the rest comes from the form. Resolves to the new run id. */
  async submitFile(uri: unknown): Promise<RunId | undefined> {
    const { workspace, model } = this.#deps;
    if (!(await workspace.allowed())) {
      return undefined;
    }
    const file = uri instanceof vscode.Uri ? uri : vscode.window.activeTextEditor?.document.uri;
    const folder = file === undefined ? undefined : workspace.folderOf(file)?.fsPath;
    const path = file === undefined || folder === undefined ? undefined : pathInside(folder, file.fsPath);
    const start = file === undefined ? '' : await startOfFile(file);
    if (folder === undefined || path === undefined) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t('Open a saved file of this workspace first; it becomes the command of the job.'),
      );
      return undefined;
    }
    return await this.#submit(draftForFile(model.state.draft, path, start), folder);
  }

  async #submitForm(draft: FormDraft): Promise<void> {
    const { workspace, model } = this.#deps;
    if (await workspace.allowed()) {
      await this.#submit(draft, model.state.folder);
    }
  }

  async #submit(draft: FormDraft, folder: string | null): Promise<RunId | undefined> {
    const { model, notifier, view } = this.#deps;
    if (model.isSubmitting) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t(
          'Another submission is under way. Submit again when it is done, or cancel it in the New Job form.',
        ),
      );
      return undefined;
    }
    const { runId } = model;
    const created = model.onDidCreate(() => {
      this.#created(runId);
    });
    let accepted: RunId | undefined;
    try {
      accepted = await model.submit(draft, folder);
      notifier.release(runId);
    } catch (error) {
      await notifier.forget(runId);
      // The form shows it; a notification only where the form is out of sight.
      if (!view.visible) {
        void showError(error);
      }
      return undefined;
    } finally {
      created.dispose();
    }
    if (accepted === undefined && model.state.problems.length > 0) {
      await vscode.commands.executeCommand('aloft.newJob.focus');
      view.focus({ type: 'focusProblem' });
    }
    return accepted;
  }

  /**
   * The same job, made with the same files held back and the same Python, with the code as it is now. Resolves to the new run
   * id; rejects when it cannot be submitted. Asked again before that is decided, it does nothing: one press is one job.
   */
  async submitAgain(runId: RunId): Promise<RunId | undefined> {
    if (this.#again.has(runId)) {
      return undefined;
    }
    this.#again.add(runId);
    try {
      return await this.#submitAgain(runId);
    } finally {
      this.#again.delete(runId);
    }
  }

  async #submitAgain(runId: RunId): Promise<RunId | undefined> {
    const { workspace, interpreterOf } = this.#deps;
    if (!(await workspace.allowed())) {
      return undefined;
    }
    const engine = await this.#deps.engine();
    const job = engine.store.job(runId);
    if (job === undefined) {
      return undefined;
    }
    const { name, spec, sourceFolder } = job;
    await requireFolder(name, sourceFolder);
    const open = workspace.isOpen(sourceFolder);
    if (!open && !(await confirmElsewhere(name, sourceFolder))) {
      return undefined;
    }
    await saveAll();
    const making = engine.making(runId);
    const { include, interpreter: usedBefore } = making;
    // Only the window that has the folder open knows which Python is chosen for it now.
    const interpreter = open ? await interpreterOf(sourceFolder) : usedBefore;
    return await this.#resubmit(engine, { spec: askedSpec(spec, making), sourceFolder, include, interpreter });
  }

  async #resubmit(engine: Engine, job: Omit<SubmitRequest, 'runId'>): Promise<RunId | undefined> {
    const { notifier, mintRunId } = this.#deps;
    const runId = mintRunId();
    try {
      await withProgress(vscode.l10n.t('Submitting {0} again', job.spec.name), async (signal, report) => {
        await engine.submit({ ...job, runId }, signal, {
          onCreated: () => {
            this.#created(runId);
          },
          onProgress: ({ text }) => {
            report(text);
          },
        });
      });
      notifier.release(runId);
      return runId;
    } catch (error) {
      if (isAbort(error)) {
        notifier.release(runId);
        return undefined;
      }
      await notifier.forget(runId);
      throw error;
    }
  }

  #created(runId: RunId): void {
    const { notifier, panels, logger } = this.#deps;
    void notifier.expect(runId);
    if (readSettings().openJobAfterSubmit) {
      panels.open(runId).catch((error: unknown) => {
        logger.error(`the panel of ${runId} did not open`, error);
      });
    }
  }

  /** What stands in the way is shown in the form, where the person pressed the button. */
  async #previewForm(draft: FormDraft): Promise<void> {
    try {
      await this.preview(draft);
    } catch (error) {
      if (!isAbort(error)) {
        this.#deps.logger.error('there is no preview', error);
        this.#deps.model.showRefusal(error, draft);
      }
    }
  }

  /** Opens a document that shows what a draft would send; nothing leaves the machine. */
  async preview(draft: FormDraft): Promise<void> {
    const { workspace, model, memory, previews, interpreterOf } = this.#deps;
    if (!(await workspace.allowed())) {
      return;
    }
    const { folder } = model.state;
    if (folder === null) {
      return;
    }
    const spec = model.parse(draft);
    const engine = await this.#deps.engine();
    const include = memory.included(folder);
    const interpreter = await interpreterOf(folder);
    const request = { spec, sourceFolder: folder, include, interpreter, runId: model.runId };
    this.#dryRun.abort(new DOMException('superseded', 'AbortError'));
    const { signal: untilNext } = (this.#dryRun = new AbortController());
    const { files, request: planned } = await withProgress(
      vscode.l10n.t('Looking at what would be sent'),
      async (signal) => await engine.preparation.preview(request, signal),
    );
    const asks = planned !== null && engine.abilities(planned.connectionId)?.dryRun === true;
    const preview: Preview = {
      files,
      planned,
      dryRun: asks ? { kind: 'asking' } : null,
      place: planned === null ? '' : engine.placeLabel(planned.connectionId),
    };
    const change = await previews.show(spec?.name ?? vscode.l10n.t('upload'), preview);
    if (asks && !untilNext.aborted) {
      change({ ...preview, dryRun: await askDryRun(engine, planned, untilNext) });
    }
  }

  async #setSecret(name: string): Promise<void> {
    const { jobSecrets, model } = this.#deps;
    const value = await vscode.window.showInputBox({
      title: vscode.l10n.t('Value of {0}', name),
      prompt: vscode.l10n.t('Kept in the secret storage of VS Code. Leave it empty to forget the stored value.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) {
      return;
    }
    await (value === '' ? jobSecrets.delete(name) : jobSecrets.set(name, value));
    await model.refreshSecrets();
  }
}

/** VS Code gives the keyboard to the editor after a question, wherever it was before. */
async function backToForm(): Promise<void> {
  await vscode.commands.executeCommand('aloft.newJob.focus');
}

/** Asks with a Cancel button beside what is shown already. Never rejects. */
async function askDryRun(engine: Engine, request: PlannedRequest, untilNext: AbortSignal): Promise<DryRunState | null> {
  const title = vscode.l10n.t('Asking {0} whether it would take this job', engine.placeLabel(request.connectionId));
  try {
    const answer = await withProgress(
      title,
      async (signal) => await engine.preparation.dryRun(request, AbortSignal.any([signal, untilNext])),
    );
    return answer === null ? null : { kind: 'answered', answer, at: Date.now() };
  } catch (error) {
    return isAbort(error)
      ? { kind: 'cancelled' }
      : { kind: 'failed', message: errorSentence(error), raw: nativeWords(error) };
  }
}

async function requireFolder(name: string, folder: string): Promise<void> {
  const found = await stat(folder).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!found) {
    throw new ProviderError('notFound', vscode.l10n.t('The folder of {0}, {1}, is not there any more.', name, folder), {
      remedy: vscode.l10n.t('Bring it back, or open its new place and submit the file from there.'),
    });
  }
}

async function confirmElsewhere(name: string, folder: string): Promise<boolean> {
  const yes = vscode.l10n.t('Submit from There');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('The code of {0} is in {1}, which is not open in this window.', name, folder),
    { modal: true },
    yes,
  );
  return chosen === yes;
}

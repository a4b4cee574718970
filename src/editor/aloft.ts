import { mkdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import * as vscode from 'vscode';

import { isRunId, type RunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Clock, Secrets } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { FormDraft } from '../protocol/submitForm.ts';
import { registerCommands } from './commands.ts';
import { isAbort } from './errorSentence.ts';
import { cancelJobs, deleteJobs, downloadOutputs, pickJob, revealRunFolder } from './jobActions.ts';
import { JobPanels } from './jobPanels.ts';
import { JobTree } from './jobTree.ts';
import { mementoValues } from './mementoValues.ts';
import { EndNotifier } from './notifications.ts';
import { PreviewDocuments } from './previewDocuments.ts';
import { withProgress } from './progress.ts';
import type { ProviderCatalog } from './providerCatalog.ts';
import { pythonInterpreter } from './pythonInterpreter.ts';
import { readSettings } from './settings.ts';
import { showError } from './showError.ts';
import { StatusBar } from './statusBar.ts';
import { type Blocked, SubmitModel } from './submitModel.ts';
import { SubmitView } from './submitView.ts';

export interface AloftDeps {
  readonly context: vscode.ExtensionContext;
  readonly logger: vscode.LogOutputChannel;
  readonly clock: Clock;
  /** The folder shared by every window. */
  readonly root: string;
  readonly connections: ProviderCatalog;
  readonly jobSecrets: Secrets;
  readonly mintRunId: () => RunId;
}

/** How long after start-up the engine comes up on its own, in ms, so that running jobs show without a click. */
const startDelay = 1_500;
const lastLookKey = 'aloft.lastLook';

/** The window's part of Aloft: its views, its commands, and the engine behind them once something needs it. */
export class Aloft implements vscode.Disposable {
  readonly #deps: AloftDeps;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #tree: JobTree;
  readonly #statusBar = new StatusBar();
  readonly #notifier: EndNotifier;
  readonly #panels: JobPanels;
  readonly #previews = new PreviewDocuments();
  readonly #model: SubmitModel;
  readonly #view: SubmitView;
  #engine: Promise<Engine> | undefined;

  constructor(deps: AloftDeps) {
    this.#deps = deps;
    const { context, logger } = deps;
    this.#tree = new JobTree(this.engine);
    this.#notifier = new EndNotifier(context.workspaceState);
    this.#model = new SubmitModel({
      engine: this.engine,
      memory: mementoValues(context.workspaceState, 'form'),
      logger,
      saveAll: async () => {
        await vscode.workspace.saveAll(false);
      },
      mintRunId: deps.mintRunId,
      hasSecret: async (name) => (await deps.jobSecrets.get(name)) !== undefined,
    });
    this.#view = new SubmitView(
      context.extensionUri,
      this.#model,
      {
        submit: async (draft) => {
          await this.#submit(draft);
        },
        preview: async (draft) => {
          await this.#preview(draft);
        },
        setSecret: async (name) => {
          await this.#setSecret(name);
        },
        resolveBlocked: async () => {
          await this.#resolveBlocked();
        },
        shown: () => {
          this.#surroundings();
          void this.#model.refreshOffers(new AbortController().signal);
        },
      },
      logger,
    );
    this.#panels = new JobPanels(context.extensionUri, async () => ({
      engine: await this.engine(),
      extensionUri: context.extensionUri,
      logger,
      actions: {
        cancel: async (runId) => {
          await cancelJobs(await this.engine(), [runId]);
        },
        submitAgain: async (runId) => {
          await this.#submitAgain(runId);
        },
        copyRunId,
        reveal: async (runId) => {
          await revealRunFolder(await this.engine(), runId);
        },
        download: async (runId, paths) => {
          await this.#reporting(downloadOutputs(await this.engine(), runId, paths));
        },
        openFile: async (runId, path) => {
          await this.#reporting(this.#openOutput(runId, path));
        },
      },
    }));
    this.#register();
  }

  /** The engine of this window; the first call brings it up. A failed start is tried again by the next call. */
  readonly engine = async (): Promise<Engine> => {
    this.#engine ??= this.#startEngine().catch((error: unknown) => {
      this.#engine = undefined;
      this.#deps.logger.error('the engine did not start', error);
      this.#tree.setMessage(vscode.l10n.t('Aloft could not start: {0}', String(error)));
      throw error;
    });
    return await this.#engine;
  };

  async #startEngine(): Promise<Engine> {
    const { Engine: EngineClass } = await import('../engine/engine.ts');
    const { clock, logger, root, connections, jobSecrets } = this.#deps;
    await mkdir(root, { recursive: true });
    const engine = EngineClass.start({
      root,
      clock,
      logger,
      connections,
      secrets: jobSecrets,
      maxFileBytes: () => readSettings().maxUploadFileBytes,
      maySubmit: () => vscode.workspace.isTrusted,
    });
    this.#subscriptions.push(
      new vscode.Disposable(() => void engine.dispose()),
      new vscode.Disposable(
        engine.onDidChange(() => {
          this.#count(engine);
        }).dispose,
      ),
    );
    this.#tree.setMessage(undefined);
    if (engine.damaged !== null) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t(
          'The list of jobs was damaged ({0}). It was set aside as {1}; jobs that the providers still know come back.',
          engine.damaged.reason,
          engine.damaged.movedTo,
        ),
      );
    }
    this.#tree.attach(engine);
    this.#notifier.attach(engine);
    this.#count(engine);
    return engine;
  }

  #count(engine: Engine): void {
    const running = engine.store.count({ groups: ['running'] });
    const lastLook = this.#deps.context.globalState.get<number>(lastLookKey) ?? 0;
    this.#tree.setRunning(running);
    this.#statusBar.show({
      running,
      waiting: engine.store.count({ groups: ['waiting'] }),
      failed: this.#tree.visible ? 0 : engine.store.countFailedSince(lastLook),
    });
    if (this.#tree.visible) {
      void this.#deps.context.globalState.update(lastLookKey, this.#deps.clock.now());
    }
  }

  #register(): void {
    const { context, logger } = this.#deps;
    const startTimer = setTimeout(() => void this.engine().catch(() => undefined), startDelay);
    this.#subscriptions.push(
      new vscode.Disposable(() => {
        clearTimeout(startTimer);
      }),
      this.#tree,
      this.#statusBar,
      this.#notifier,
      this.#panels,
      this.#previews,
      this.#view,
      new vscode.Disposable(() => {
        this.#model.dispose();
      }),
      vscode.window.registerWebviewViewProvider('aloft.newJob', this.#view),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.#surroundings();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.#surroundings();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        this.#surroundings();
        this.#model.countUpload();
      }),
      vscode.workspace.onDidSaveTextDocument(() => {
        this.#model.countUpload();
      }),
      this.#tree.onDidBecomeVisible(() => {
        void this.engine().then(
          (engine) => {
            this.#count(engine);
          },
          () => undefined,
        );
      }),
      registerCommands(
        {
          'aloft.newJob': async () => {
            await vscode.commands.executeCommand('aloft.newJob.focus');
            this.#view.focus('command');
          },
          'aloft.submitCurrentFile': async (uri) => await this.#submitFile(uri),
          'aloft.submitAgain': async (node, nodes) => {
            await this.#forOne(node, nodes, () => true, async (runId) => {
              await this.#submitAgain(runId);
            });
          },
          'aloft.openJob': async (node, nodes) => {
            await this.#forOne(node, nodes, () => true, async (runId) => {
              await this.#panels.open(runId);
            });
          },
          'aloft.cancelJob': async (node, nodes) => {
            await this.#forMany(node, nodes, (job) => !isTerminal(job.state), async (engine, runIds) => {
              await cancelJobs(engine, runIds);
            });
          },
          'aloft.deleteJob': async (node, nodes) => {
            await this.#forMany(node, nodes, (job) => isTerminal(job.state), async (engine, runIds) => {
              await deleteJobs(engine, runIds);
            });
          },
          'aloft.revealRunFolder': async (node, nodes) => {
            await this.#forOne(node, nodes, () => true, async (runId) => {
              await revealRunFolder(await this.engine(), runId);
            });
          },
          'aloft.copyRunId': async (node, nodes) => {
            await this.#forOne(node, nodes, () => true, copyRunId);
          },
          'aloft.downloadOutputs': async (node, nodes) => {
            await this.#forOne(node, nodes, () => true, async (runId) => {
              await downloadOutputs(await this.engine(), runId);
            });
          },
          'aloft.previewUpload': async () => {
            await this.#preview(this.#model.state.draft);
          },
          'aloft.showLog': () => {
            logger.show();
          },
          'aloft.openWalkthrough': async () => {
            await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#start`, false);
          },
          'aloft.showMoreJobs': () => {
            this.#tree.showMore();
          },
        },
        logger,
      ),
    );
  }

  async #forOne(
    node: unknown,
    nodes: unknown,
    fits: Parameters<typeof pickJob>[1],
    act: (runId: RunId) => Promise<void>,
  ): Promise<void> {
    await this.#forMany(node, nodes, fits, async (_engine, [runId]) => {
      if (runId !== undefined) {
        await act(runId);
      }
    });
  }

  async #forMany(
    node: unknown,
    nodes: unknown,
    fits: Parameters<typeof pickJob>[1],
    act: (engine: Engine, runIds: readonly RunId[]) => Promise<void>,
  ): Promise<void> {
    const engine = await this.engine();
    const targets = this.#tree.targets(node, nodes);
    const picked = targets.length > 0 ? undefined : await pickJob(engine, fits, vscode.l10n.t('Which job?'));
    const runIds = picked === undefined ? targets : [picked];
    if (runIds.length > 0) {
      await act(engine, runIds);
    }
  }

  /** Tells the form what is open around it. */
  #surroundings(): void {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const folder = this.#folderOf(uri);
    const activePath =
      uri?.scheme === 'file' && folder !== undefined ? relative(folder.fsPath, uri.fsPath).split(sep).join('/') : null;
    const blocked = this.#blocked();
    this.#model.setSurroundings({
      folder: folder?.fsPath ?? null,
      activePath: activePath === null || activePath.startsWith('..') ? null : activePath,
      blocked,
    });
    if (folder !== undefined && blocked === null) {
      void this.#nameInterpreter(folder);
    }
  }

  async #nameInterpreter(folder: vscode.Uri): Promise<void> {
    const interpreter = await pythonInterpreter(folder).catch(() => undefined);
    this.#model.setInterpreter(interpreter === undefined ? null : vscode.workspace.asRelativePath(interpreter, false));
  }

  #folderOf(uri: vscode.Uri | undefined): vscode.Uri | undefined {
    const owner = uri === undefined ? undefined : vscode.workspace.getWorkspaceFolder(uri);
    const folder = (owner ?? vscode.workspace.workspaceFolders?.[0])?.uri;
    return folder?.scheme === 'file' ? folder : undefined;
  }

  #blocked(): Blocked {
    if (!vscode.workspace.isTrusted) {
      return {
        message: vscode.l10n.t('This workspace is not trusted, so nothing can be run or uploaded from it.'),
        action: 'trust',
        actionLabel: vscode.l10n.t('Manage trust'),
      };
    }
    if (this.#folderOf(vscode.window.activeTextEditor?.document.uri) === undefined) {
      return {
        message: vscode.l10n.t('Open the folder that holds your code; a job takes its files along.'),
        action: 'openFolder',
        actionLabel: vscode.l10n.t('Open folder'),
      };
    }
    return null;
  }

  async #resolveBlocked(): Promise<void> {
    const action = this.#blocked()?.action;
    if (action === 'trust') {
      await vscode.commands.executeCommand('workbench.trust.manage');
    } else if (action === 'openFolder') {
      await vscode.commands.executeCommand('vscode.openFolder');
    }
  }

  /** Says why nothing can be run here; true when something can. */
  async #allowed(): Promise<boolean> {
    this.#surroundings();
    const blocked = this.#blocked();
    if (blocked === null) {
      return true;
    }
    const chosen = await vscode.window.showWarningMessage(blocked.message, blocked.actionLabel);
    if (chosen === blocked.actionLabel) {
      await this.#resolveBlocked();
    }
    return false;
  }

  async #submitFile(uri: unknown): Promise<RunId | undefined> {
    if (!(await this.#allowed())) {
      return undefined;
    }
    const target = uri instanceof vscode.Uri ? uri : vscode.window.activeTextEditor?.document.uri;
    const folder = this.#folderOf(target);
    const inside = target === undefined || folder === undefined ? undefined : relative(folder.fsPath, target.fsPath);
    if (target?.scheme !== 'file' || inside === undefined || inside.startsWith('..')) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t('Open a saved file of this workspace first; it becomes the command of the job.'),
      );
      return undefined;
    }
    return await this.#submit(this.#model.draftForFile(inside.split(sep).join('/')));
  }

  async #submit(draft: FormDraft): Promise<RunId | undefined> {
    if (!(await this.#allowed())) {
      return undefined;
    }
    const created = this.#model.onDidCreate(({ runId }) => {
      void this.#notifier.expect(runId);
      if (readSettings().openJobAfterSubmit) {
        void this.#panels.open(runId);
      }
    });
    try {
      const runId = await this.#model.submit(draft);
      if (runId === undefined && this.#model.state.problems.length > 0) {
        await vscode.commands.executeCommand('aloft.newJob.focus');
        this.#view.focus(this.#model.state.problems[0]?.field ?? 'command');
      }
      return runId;
    } catch (error) {
      if (!isAbort(error)) {
        void showError(error);
      }
      return undefined;
    } finally {
      created.dispose();
    }
  }

  async #submitAgain(runId: RunId): Promise<void> {
    if (!(await this.#allowed())) {
      return;
    }
    const engine = await this.engine();
    const job = engine.store.job(runId);
    if (job === undefined) {
      return;
    }
    const open = vscode.workspace.workspaceFolders?.some((folder) => folder.uri.fsPath === job.sourceFolder) === true;
    if (!open) {
      const yes = vscode.l10n.t('Submit from There');
      const chosen = await vscode.window.showWarningMessage(
        vscode.l10n.t('The code of {0} is in {1}, which is not open in this window.', job.name, job.sourceFolder),
        { modal: true },
        yes,
      );
      if (chosen !== yes) {
        return;
      }
    }
    const next = this.#deps.mintRunId();
    await vscode.workspace.saveAll(false);
    await vscode.window.withProgress({ location: { viewId: 'aloft.jobs' } }, async () => {
      await engine.submit(
        {
          runId: next,
          spec: job.spec,
          sourceFolder: job.sourceFolder,
          include: open ? this.#model.included : [],
        },
        new AbortController().signal,
        {
          onCreated: () => {
            void this.#notifier.expect(next);
            if (readSettings().openJobAfterSubmit) {
              void this.#panels.open(next);
            }
          },
          onProgress: () => undefined,
        },
      );
    });
  }

  async #preview(draft: FormDraft): Promise<void> {
    if (!(await this.#allowed())) {
      return;
    }
    const { folder } = this.#model.state;
    if (folder === null) {
      return;
    }
    const spec = this.#model.parse(draft);
    const engine = await this.engine();
    const preview = await withProgress(vscode.l10n.t('Looking at what would be sent'), async (signal) =>
      await engine.preview({ spec, sourceFolder: folder, include: this.#model.included, runId: this.#model.runId }, signal),
    );
    await this.#previews.show(spec?.name ?? vscode.l10n.t('upload'), preview.files, preview.plan);
  }

  async #setSecret(name: string): Promise<void> {
    const value = await vscode.window.showInputBox({
      title: vscode.l10n.t('Value of {0}', name),
      prompt: vscode.l10n.t('Kept in the secret storage of VS Code. Leave it empty to forget the stored value.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) {
      return;
    }
    await (value === '' ? this.#deps.jobSecrets.delete(name) : this.#deps.jobSecrets.set(name, value));
    await this.#model.refreshSecrets();
  }

  /** Fetches one result file into a folder of ours and opens it. */
  async #openOutput(runId: RunId, path: string): Promise<void> {
    const engine = await this.engine();
    const destination = join(this.#deps.root, 'opened', runId);
    await withProgress(vscode.l10n.t('Opening {0}', path), async (signal, report) => {
      const files = (await engine.outputs(runId, signal)).filter((file) => file.path === path);
      await mkdir(destination, { recursive: true });
      await engine.fetchOutputs(runId, files, { destination, overwrite: true }, signal, report);
    });
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.joinPath(vscode.Uri.file(destination), path));
  }

  async #reporting(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#deps.logger.error('a request of a job panel failed', error);
      void showError(error);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions.toReversed()).dispose();
  }
}

async function copyRunId(runId: RunId): Promise<void> {
  if (isRunId(runId)) {
    await vscode.env.clipboard.writeText(runId);
    vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}', runId), 3_000);
  }
}

import { join } from 'node:path';

import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Clock, Secrets } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import { commandHandlers } from './commandHandlers.ts';
import { registerCommands } from './commands.ts';
import type { ConnectionsPart } from './connections/connectionsPart.ts';
import { ProvidersView } from './connections/providersView.ts';
import type { EngineHost } from './engineHost.ts';
import { errorSentence } from './errorSentence.ts';
import { PointsAtCode } from './failures/pointsAtCode.ts';
import { openWorkspaceFile, workspaceLinks } from './failures/workspaceLinks.ts';
import { FormMemory } from './formMemory.ts';
import { JobCounts } from './jobCounts.ts';
import { JobPanels } from './jobPanels.ts';
import { JobTree } from './jobTree.ts';
import { LogDocuments } from './log/logDocuments.ts';
import { LogFilePanels } from './log/logFilePanels.ts';
import { mementoValues } from './mementoValues.ts';
import { EndNotifier } from './notifications.ts';
import { PanelActions } from './panelActions.ts';
import { PortActions } from './reach/portActions.ts';
import { PreviewDocuments } from './previewDocuments.ts';
import { interpreterOf } from './pythonInterpreter.ts';
import { saveAll } from './saveAll.ts';
import { showError } from './showError.ts';
import { StatusBar } from './statusBar.ts';
import { SubmitActions } from './submitActions.ts';
import { SubmitModel } from './submitModel.ts';
import { SubmitView } from './submitView.ts';
import type { WorkspaceContext } from './workspaceContext.ts';

export interface AloftDeps {
  readonly context: vscode.ExtensionContext;
  readonly logger: vscode.LogOutputChannel;
  readonly clock: Clock;
  /** The folder shared by every window. */
  readonly root: string;
  readonly host: EngineHost;
  readonly workspace: WorkspaceContext;
  readonly jobSecrets: Secrets;
  readonly connections: () => Promise<ConnectionsPart>;
  readonly mintRunId: () => RunId;
}

/** How long after start-up the engine comes up on its own, in ms, so that running jobs show without a click. */
const startDelay = 1_500;

/** The window's part of Aloft: its views and commands, put together. */
export class Aloft implements vscode.Disposable {
  readonly #deps: AloftDeps;
  readonly #subscriptions: { dispose(): void }[] = [];
  readonly #tree: JobTree;
  readonly #notifier: EndNotifier;
  readonly #counts: JobCounts;
  readonly #model: SubmitModel;
  readonly #view: SubmitView;
  readonly #pointsAtCode: PointsAtCode;

  constructor(deps: AloftDeps) {
    this.#deps = deps;
    const { context, logger, clock, root, host, workspace, jobSecrets, connections, mintRunId } = deps;
    const { engine } = host;
    const { extensionUri } = context;
    const memory = new FormMemory(mementoValues(context.workspaceState, 'form'));
    const statusBar = new StatusBar();
    const previews = new PreviewDocuments();
    const metricsMemory = mementoValues(context.workspaceState, 'metrics');
    this.#tree = new JobTree(engine, metricsMemory);
    this.#notifier = new EndNotifier(context.workspaceState);
    this.#counts = new JobCounts({
      clock,
      memory: mementoValues(context.globalState, 'jobs'),
      looking: () => this.#tree.visible,
      show: (counts) => {
        this.#tree.setRunning(counts.running);
        statusBar.show(counts);
      },
    });
    const providers = new ProvidersView(connections);
    this.#model = new SubmitModel({
      engine,
      places: async () => (await connections()).places,
      memory,
      logger,
      saveAll,
      mintRunId,
      hasSecret: async (name) => (await jobSecrets.get(name)) !== undefined,
      interpreterOf,
    });
    this.#view = new SubmitView(extensionUri, this.#model, logger);
    const documents = new LogDocuments();
    const scanScript = vscode.Uri.joinPath(extensionUri, 'dist', 'logScan.js').fsPath;
    this.#pointsAtCode = new PointsAtCode({
      engine,
      clock,
      memory: mementoValues(context.workspaceState, 'failures'),
      logger,
    });
    const ports = new PortActions(engine);
    const panels = new JobPanels({
      forwards: ports.forwards,
      engine,
      extensionUri,
      scanScript,
      documents,
      metricsMemory,
      logger,
      links: async (runId) => await this.#pointsAtCode.links(runId),
      openFrame: async (runId, path, line) => {
        await this.#pointsAtCode.openFrame(runId, path, line);
      },
    });
    const logFiles = new LogFilePanels({
      engine,
      extensionUri,
      scanScript,
      documents,
      metricsMemory,
      logger,
      links: workspaceLinks,
      openFile: openWorkspaceFile,
    });
    const actions = new SubmitActions({
      engine,
      workspace,
      model: this.#model,
      memory,
      view: this.#view,
      panels,
      notifier: this.#notifier,
      previews,
      jobSecrets,
      mintRunId,
      interpreterOf,
      logger,
    });
    const panelActions = new PanelActions({
      engine,
      submissions: actions,
      ports,
      openedFolder: join(root, 'opened'),
      logger,
    });
    const handlers = commandHandlers({
      engine,
      actions,
      model: this.#model,
      view: this.#view,
      tree: this.#tree,
      panels,
      logFiles,
      pointsAtCode: this.#pointsAtCode,
      previews,
      ports,
      connections,
      providers,
      log: logger,
      extensionId: context.extension.id,
    });
    this.#subscriptions.push(
      this.#tree,
      statusBar,
      this.#counts,
      this.#notifier,
      this.#pointsAtCode,
      panels,
      logFiles,
      documents,
      previews,
      ports,
      this.#view,
      this.#model,
      providers,
      vscode.window.registerWebviewViewProvider('aloft.newJob', this.#view),
      registerCommands(handlers, logger),
      this.#view.onDidWish((wish) => void actions.fulfil(wish)),
      panels.onDidWish(({ runId, wish }) => void panelActions.fulfil(runId, wish)),
    );
    this.#listen();
  }

  #listen(): void {
    const { host, workspace } = this.#deps;
    const start = (): void => {
      // What goes wrong is shown by the listener to failed starts.
      host.engine().catch(() => undefined);
    };
    const timer = setTimeout(start, startDelay);
    this.#subscriptions.push(
      new vscode.Disposable(() => {
        clearTimeout(timer);
      }),
      host.onDidStart((engine) => {
        this.#started(engine);
      }),
      host.onDidFail((error) => {
        this.#tree.setMessage(vscode.l10n.t('Aloft could not start: {0}', errorSentence(error)));
        void showError(error);
      }),
      workspace.onDidChange(() => {
        this.#surroundings();
      }),
      this.#view.onDidChangeVisibility(() => {
        this.#surroundings();
      }),
      ...this.#whenFilesMayHaveChanged(() => {
        this.#model.upload.outdate();
      }),
      this.#tree.onDidChangeVisibility(() => {
        this.#counts.refresh();
        start();
      }),
    );
    this.#model.setSurroundings(workspace.surroundings);
  }

  /** Not a watcher: on a large data folder that costs more than it tells. What other programs do shows when one comes back. */
  #whenFilesMayHaveChanged(then: () => void): vscode.Disposable[] {
    return [
      vscode.workspace.onDidSaveTextDocument(then),
      vscode.workspace.onDidCreateFiles(then),
      vscode.workspace.onDidDeleteFiles(then),
      vscode.workspace.onDidRenameFiles(then),
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) {
          then();
        }
      }),
    ];
  }

  #started(engine: Engine): void {
    const showProblem = (problem: string | null): void => {
      this.#tree.setMessage(problem ?? undefined);
    };
    showProblem(engine.storeProblem);
    this.#subscriptions.push(engine.onDidChangeStoreProblem(showProblem));
    this.#tree.attach(engine);
    this.#subscriptions.push(
      engine.connections.onDidChange(() => {
        this.#tree.refreshSoon();
      }),
    );
    this.#notifier.attach(engine);
    this.#counts.attach(engine);
    this.#pointsAtCode.attach(engine);
    if (engine.damaged !== null) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t(
          'The list of jobs was damaged ({0}). It was set aside as {1}; jobs that the providers still know come back.',
          engine.damaged.reason,
          engine.damaged.movedTo,
        ),
      );
    }
  }

  /** Tells the form what is open around it. */
  #surroundings(): void {
    const { workspace } = this.#deps;
    const { folder, surroundings } = workspace;
    this.#model.setSurroundings(surroundings);
    if (folder !== undefined && surroundings.blocked === null && this.#view.visible) {
      void this.#nameInterpreter(folder.fsPath);
    }
  }

  async #nameInterpreter(folder: string): Promise<void> {
    const interpreter = await interpreterOf(folder).catch(() => null);
    this.#model.setInterpreter(interpreter === null ? null : vscode.workspace.asRelativePath(interpreter, false));
  }

  dispose(): void {
    for (const subscription of this.#subscriptions.toReversed()) {
      subscription.dispose();
    }
  }
}

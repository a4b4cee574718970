import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import { isTerminal } from '../core/jobState.ts';
import type { Engine } from '../engine/engine.ts';
import type { JobSummary } from '../engine/jobRows.ts';
import type { CommandHandlers } from './commands.ts';
import { copyPlanned, copyRequestOf } from './copyRequest.ts';
import type { PointsAtCode } from './failures/pointsAtCode.ts';
import { cancelJobs, copyRunId, deleteJobs, pickJob } from './jobActions.ts';
import { openLocation } from './jobLocation.ts';
import type { JobPanels } from './jobPanels.ts';
import type { ConnectionsPart } from './connections/connectionsPart.ts';
import type { ProvidersView } from './connections/providersView.ts';
import type { JobTree } from './jobTree.ts';
import type { LogFilePanels } from './log/logFilePanels.ts';
import { downloadOutputs } from './outputActions.ts';
import type { PreviewDocuments } from './previewDocuments.ts';
import { openShell } from './reach/openShell.ts';
import type { PortActions } from './reach/portActions.ts';
import type { Ability } from './reach/reachProblem.ts';
import { editPersonalSetting } from './settings.ts';
import type { SubmitActions } from './submitActions.ts';
import type { SubmitModel } from './submitModel.ts';
import type { SubmitView } from './submitView.ts';

export interface CommandDeps {
  readonly engine: () => Promise<Engine>;
  readonly actions: SubmitActions;
  readonly model: SubmitModel;
  readonly view: SubmitView;
  readonly tree: JobTree;
  readonly panels: JobPanels;
  readonly logFiles: LogFilePanels;
  readonly pointsAtCode: PointsAtCode;
  readonly previews: PreviewDocuments;
  readonly ports: PortActions;
  readonly connections: () => Promise<ConnectionsPart>;
  readonly providers: ProvidersView;
  readonly log: vscode.LogOutputChannel;
  /** `publisher.name` of this extension. */
  readonly extensionId: string;
}

type Fits = (job: JobSummary) => boolean;

const any: Fits = () => true;
const live: Fits = (job) => !isTerminal(job.state);
const ended: Fits = (job) => isTerminal(job.state);

/** `{ line }`: the line of its log that is to be shown. */
function lineOf(options: unknown): number | undefined {
  const line = typeof options === 'object' && options !== null && 'line' in options ? options.line : undefined;
  return typeof line === 'number' && Number.isSafeInteger(line) && line >= 0 ? line : undefined;
}

/** What each command does. Those about jobs take a row of the Jobs view, a run id, or ask which. */
export function commandHandlers({
  engine,
  actions,
  model,
  view,
  tree,
  panels,
  logFiles,
  pointsAtCode,
  previews,
  ports,
  connections,
  providers,
  log,
  extensionId,
}: CommandDeps): CommandHandlers {
  const chosen = async (fits: Fits, clicked: unknown, selected: unknown): Promise<readonly RunId[]> => {
    const targets = await tree.targets(clicked, selected);
    const picked = targets.length > 0 ? undefined : await pickJob(await engine(), fits, vscode.l10n.t('Which job?'));
    return picked === undefined ? targets : [picked];
  };
  const withJobs =
    (fits: Fits, act: (engine: Engine, runIds: readonly RunId[]) => Promise<void>) =>
    async (clicked: unknown, selected: unknown): Promise<void> => {
      const runIds = await chosen(fits, clicked, selected);
      if (runIds.length > 0) {
        await act(await engine(), runIds);
      }
    };
  /** Asks only for jobs in which it can be done; for one that was named, the action says why it cannot. */
  const withReach =
    (ability: Ability, act: (runId: RunId) => Promise<void>) =>
    async (clicked: unknown, selected: unknown): Promise<void> => {
      const running = await engine();
      const fits: Fits = (job) => job.state === 'running' && running.abilities(job.connectionId)?.[ability] === true;
      const [runId] = await chosen(fits, clicked, selected);
      if (runId !== undefined) {
        await act(runId);
      }
    };
  const withJob =
    <T>(act: (runId: RunId) => Promise<T>) =>
    async (clicked: unknown, selected: unknown): Promise<T | undefined> => {
      const [runId] = await chosen(any, clicked, selected);
      return runId === undefined ? undefined : await act(runId);
    };
  /** Keys say `selection`, menus give the row, the palette gives nothing. */
  const withConnection =
    (act: (part: ConnectionsPart, clicked: unknown) => Promise<void>) =>
    async (clicked: unknown): Promise<void> => {
      await act(await connections(), clicked === 'selection' ? await providers.selected() : clicked);
    };
  return {
    'aloft.newJob': async () => {
      await vscode.commands.executeCommand('aloft.newJob.focus');
      view.focus({ type: 'focus', field: 'command' });
    },
    'aloft.submitCurrentFile': async (uri) => await actions.submitFile(uri),
    'aloft.submitAgain': withJob(async (runId) => await actions.submitAgain(runId)),
    'aloft.openJob': async (clicked, second) => {
      const [runId] = await chosen(any, clicked, second);
      if (runId !== undefined) {
        await panels.open(runId, lineOf(second));
      }
    },
    'aloft.openLogFile': async (uri) => {
      await logFiles.open(uri instanceof vscode.Uri ? uri : undefined);
    },
    'aloft.cancelJob': withJobs(live, cancelJobs),
    'aloft.deleteJob': withJobs(ended, deleteJobs),
    'aloft.revealRunFolder': withJob(async (runId) => {
      await openLocation(await engine(), runId);
    }),
    'aloft.copyRunId': withJob(copyRunId),
    'aloft.copyRequest': async (clicked, selected) => {
      const document = clicked instanceof vscode.Uri ? clicked : vscode.window.activeTextEditor?.document.uri;
      const shown = document === undefined ? undefined : previews.request(document);
      const [runId] = shown === undefined ? await chosen(any, clicked, selected) : [];
      if (shown !== undefined) {
        await copyPlanned(await engine(), shown);
      } else if (runId !== undefined) {
        await copyRequestOf(await engine(), runId);
      }
    },
    'aloft.openShell': withReach('shell', async (runId) => {
      await openShell(await engine(), runId);
    }),
    'aloft.forwardPort': withReach('portForward', async (runId) => {
      await ports.forward(runId);
    }),
    'aloft.downloadOutputs': withJob(async (runId) => {
      await downloadOutputs(await engine(), runId);
    }),
    'aloft.previewUpload': async () => {
      await actions.preview(model.state.draft);
    },
    'aloft.showLog': () => {
      log.show();
    },
    'aloft.openWalkthrough': async () => {
      await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extensionId}#start`, false);
    },
    'aloft.showMoreJobs': () => {
      tree.showMore();
    },
    'aloft.openFrame': async (runId, path, line) => {
      await pointsAtCode.openFrame(runId, path, line);
    },
    'aloft.compareWithRun': async (runId, path, line) => {
      await pointsAtCode.compare(runId, path, line);
    },
    'aloft.clearFailureMarks': async (clicked, selected) => {
      await pointsAtCode.clear(clicked === undefined ? [] : await tree.targets(clicked, selected));
    },
    'aloft.addProvider': async () => {
      const added = await (await connections()).actions.add();
      if (added?.isReady === true) {
        model.useConnection(added.id);
        await vscode.commands.executeCommand('aloft.newJob.focus');
      }
      return added?.id;
    },
    'aloft.renameConnection': withConnection(async ({ actions: own }, clicked) => {
      await own.rename(clicked);
    }),
    'aloft.removeConnection': withConnection(async ({ actions: own }, clicked) => {
      await own.remove(clicked);
    }),
    'aloft.testConnection': withConnection(async ({ actions: own }, clicked) => {
      await own.test(clicked, false);
    }),
    'aloft.signInAgain': withConnection(async ({ actions: own }, clicked) => {
      await own.test(clicked, true);
    }),
    'aloft.editConnections': async () => {
      await editPersonalSetting('connections');
    },
    'aloft.refreshProviders': async () => {
      await (await connections()).health.refresh();
    },
  };
}

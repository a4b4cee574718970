import * as vscode from 'vscode';

import { type Attempt, currentAttempt, type Job } from '../../core/job.ts';
import type { AttemptMember } from '../../core/provider.ts';
import { nodeName } from '../jobSentences.ts';
import { stateLook } from '../stateLook.ts';

export interface PickedMember extends AttemptMember {
  /** `node 1`, `task 3, node 0`; empty where there is nothing to tell apart. */
  readonly name: string;
}

interface IndexItem extends vscode.QuickPickItem {
  readonly index: number;
}

/** Which running task and node of a job is meant; asks only where there are several. undefined when the person went away. */
export async function pickMember(job: Job, title: string): Promise<PickedMember | undefined> {
  const attempt = currentAttempt(job);
  const tasks = await pickOne(title, taskItems(attempt));
  const nodes = tasks === undefined ? undefined : await pickOne(title, nodeItems(attempt));
  return tasks === undefined || nodes === undefined
    ? undefined
    : { task: tasks.index, node: nodes.index, name: [tasks.name, nodes.name].filter((name) => name !== '').join(', ') };
}

async function pickOne(
  title: string,
  items: readonly IndexItem[],
): Promise<{ readonly index: number; readonly name: string } | undefined> {
  const [only] = items;
  if (items.length <= 1) {
    return { index: only?.index ?? 0, name: '' };
  }
  const chosen = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  return chosen === undefined ? undefined : { index: chosen.index, name: chosen.label };
}

/** Tasks that do not run cannot be reached; when none is known to run, any may. */
function taskItems(attempt: Attempt | undefined): readonly IndexItem[] {
  const tasks = attempt?.tasks ?? [];
  const running = tasks.filter(({ state }) => state === 'running');
  return (running.length === 0 || tasks.length < 2 ? tasks : running).map(({ index, state }) => ({
    index,
    label: vscode.l10n.t('task {0}', index),
    description: stateLook(state).label,
  }));
}

function nodeItems(attempt: Attempt | undefined): readonly IndexItem[] {
  return (attempt?.nodes ?? []).map((node) => ({
    index: node.rank,
    label: nodeName({ rank: node.rank, host: null }),
    description: [node.host, stateLook(node.state).label].filter((part) => part !== null).join(' · '),
  }));
}

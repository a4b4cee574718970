import type { Attempt, JobTask } from '../core/job.ts';
import type { CountView, MembersView, MemberView } from '../protocol/jobPanel.ts';
import { countStates, countTasks, taskSentence } from './jobSentences.ts';
import { t } from './l10n.ts';
import { stateLook } from './stateLook.ts';

/** A sweep of thousands would make every message to the panel a long one. */
const mostTasks = 300;

/** The machines and tasks of an attempt for its panel. */
export function membersView(attempt: Attempt | undefined): MembersView {
  const nodes = attempt?.nodes ?? [];
  const tasks = (attempt?.tasks.length ?? 0) > 1 ? (attempt?.tasks ?? []) : [];
  const shown = failedFirst(tasks).slice(0, mostTasks);
  return {
    nodes: nodes.map(({ rank, host, state }) => ({
      name: t('node {0}', rank),
      state,
      stateLabel: stateLook(state).label,
      note: host,
    })),
    nodeCounts: counts(nodes),
    tasks: shown.map(taskView),
    taskCounts: counts(tasks),
    taskSentence: taskSentence(countTasks(tasks)),
    moreTasks: tasks.length - shown.length,
  };
}

function taskView({ index, state, exitCode }: JobTask): MemberView {
  return {
    name: t('task {0}', index),
    state,
    stateLabel: stateLook(state).label,
    note: exitCode === null || exitCode === 0 ? null : t('exit code {0}', exitCode),
  };
}

function failedFirst(tasks: readonly JobTask[]): readonly JobTask[] {
  const isFailed = ({ state }: JobTask): boolean => state === 'failed';
  return [...tasks.filter(isFailed), ...tasks.filter((task) => !isFailed(task))];
}

function counts(members: Parameters<typeof countStates>[0]): readonly CountView[] {
  return countStates(members).map(({ state, label, count }) => ({ state, label: `${count} ${label.toLowerCase()}` }));
}

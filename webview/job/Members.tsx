import type { CountView, JobView, MemberView } from '../../src/protocol/jobPanel.ts';
import { t } from '../ui/l10n.ts';
import { stateTint } from './stateTint.ts';

/** How the tasks, or the machines, of a job are doing, in one line each. Nothing for a job that is one task on one machine. */
export function MemberCounts({ job }: { readonly job: JobView }) {
  const { taskCounts, nodes, nodeCounts } = job.members;
  return (
    <>
      {taskCounts.length === 0 ? null : <Counts label={t('Tasks')} counts={taskCounts} />}
      {nodes.length < 2 ? null : <Counts label={t('Nodes')} counts={nodeCounts} />}
    </>
  );
}

function Counts(props: { readonly label: string; readonly counts: readonly CountView[] }) {
  return (
    <p class="facts counts">
      <span>{props.label}</span>
      {props.counts.map(({ state, label }) => (
        <span key={state}>
          <span class={`dot tint-${stateTint[state]}`} aria-hidden="true" />
          {label}
        </span>
      ))}
    </p>
  );
}

/** Every task and machine, for the Details tab. */
export function MemberTables({ job }: { readonly job: JobView }) {
  const { tasks, moreTasks, nodes } = job.members;
  return (
    <>
      {nodes.length === 0 ? null : <MemberTable title={t('Nodes')} members={nodes} />}
      {tasks.length === 0 ? null : <MemberTable title={t('Tasks')} members={tasks} />}
      {moreTasks === 0 ? null : <p class="muted">{t('and {0} more tasks', moreTasks)}</p>}
    </>
  );
}

function MemberTable(props: { readonly title: string; readonly members: readonly MemberView[] }) {
  return (
    <>
      <h2>{props.title}</h2>
      <table>
        <tbody>
          {props.members.map(({ name, state, stateLabel, note }) => (
            <tr key={name}>
              <td>{name}</td>
              <td>
                <span class={`dot tint-${stateTint[state]}`} aria-hidden="true" />
                {stateLabel}
              </td>
              <td class="muted mono">{note}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

import { formatStart } from '../../src/core/estimate.ts';
import { formatElapsed } from '../../src/core/quantity.ts';
import type { JobView, PanelToHost } from '../../src/protocol/jobPanel.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Actions } from './Actions.tsx';
import { Forwards } from './Forwards.tsx';
import { MemberCounts } from './Members.tsx';
import { stateTint } from './stateTint.ts';
import { Timeline } from './Timeline.tsx';

/** What the job is, how it stands and why, and what can be done with it. */
export function Header(props: {
  readonly job: JobView;
  readonly now: number;
  readonly send: (message: PanelToHost) => void;
}) {
  const { job, now, send } = props;
  const [only, ...others] = job.members.nodes;
  const host = others.length === 0 ? (only?.note ?? null) : null;
  const why = whyText(job, now);
  const clock = (at: number): string => new Date(at).toLocaleString();
  return (
    <header>
      <div class="title">
        <h1>{job.name}</h1>
        <Actions job={job} send={send} />
      </div>
      <p class="facts">
        <span class={`state tint-${stateTint[job.state]}`} role="status">
          <span class="dot" aria-hidden="true" />
          {job.stateLabel}
        </span>
        <span>{job.place}</span>
        <span>{job.accelerator}</span>
        {host === null ? null : <span>{t('on {0}', host)}</span>}
        {job.members.taskSentence === null ? null : <span>{job.members.taskSentence}</span>}
        <span title={t('Submitted {0}', clock(job.createdAt))}>{elapsed(job, now)}</span>
        <button
          type="button"
          class="link mono"
          title={t('Copy run ID {0}', job.runId)}
          aria-label={t('Copy run ID {0}', job.runId)}
          onClick={() => {
            send({ type: 'copyRunId' });
          }}
        >
          {job.runId.slice(-8)} <Icon name="copy" />
        </button>
      </p>
      {why === null ? null : (
        <p class={`reason why${job.state === 'failed' ? ' failed' : ''}`}>
          {why}
          {job.native === null || (job.reason !== null && job.native.includes(job.reason)) ? null : (
            <span class="muted mono"> {job.native}</span>
          )}
        </p>
      )}
      {job.hint === null ? null : (
        <p class="reason">
          <Icon name="lightbulb" /> {job.hint}
        </p>
      )}
      <MemberCounts job={job} />
      {job.staleNote === null ? null : (
        <p class="reason stale" role="status">
          <Icon name="warning" tint="yellow" /> {job.staleNote}
        </p>
      )}
      <Forwards forwards={job.forwards} send={send} />
      <Timeline phases={job.phases} now={now} />
    </header>
  );
}

/** The clock of the person in front of it, wherever the extension runs. */
function whyText({ reason, expectedStartAt }: JobView, now: number): string | null {
  const start = formatStart(expectedStartAt, now);
  if (start === null) {
    return reason;
  }
  return reason === null
    ? t('Expected to start about {0}', start)
    : t('{0}, expected to start about {1}', reason, start);
}

function elapsed(job: JobView, now: number): string {
  const since = (from: number, to: number): string => formatElapsed(Math.max(0, to - from));
  if (job.startedAt === null) {
    return job.endedAt === null
      ? t('waiting {0}', since(job.createdAt, now))
      : t('never ran, waited {0}', since(job.createdAt, job.endedAt));
  }
  if (job.group === 'waiting') {
    // It ran before, and waits again.
    return t('waiting {0}', since(job.phases.at(-1)?.from ?? job.startedAt, now));
  }
  return job.endedAt === null
    ? t('running {0}', since(job.startedAt, now))
    : t('ran {0}', since(job.startedAt, job.endedAt));
}

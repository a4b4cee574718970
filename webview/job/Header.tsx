import { formatElapsed } from '../../src/core/quantity.ts';
import type { JobView, PanelToHost } from '../../src/protocol/jobPanel.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { stateTint } from './stateTint.ts';
import { Timeline } from './Timeline.tsx';

/** What the job is, how it stands and why, and what can be done with it. */
export function Header(props: {
  readonly job: JobView;
  readonly now: number;
  readonly send: (message: PanelToHost) => void;
}) {
  const { job, now, send } = props;
  const clock = (at: number): string => new Date(at).toLocaleString();
  return (
    <header>
      <div class="title">
        <h1>{job.name}</h1>
        <div class="actions">
          {job.canReveal ? (
            <vscode-button
              appearance="secondary"
              onClick={() => {
                send({ type: 'reveal' });
              }}
            >
              {t('Run Folder')}
            </vscode-button>
          ) : null}
          <vscode-button
            appearance="secondary"
            onClick={() => {
              send({ type: 'submitAgain' });
            }}
          >
            {t('Submit Again')}
          </vscode-button>
          {job.group === 'finished' ? null : (
            <vscode-button
              class="danger"
              appearance="secondary"
              disabled={!job.canCancel}
              onClick={() => {
                send({ type: 'cancel' });
              }}
            >
              {t('Cancel')}
            </vscode-button>
          )}
        </div>
      </div>
      <p class="facts">
        <span class={`state tint-${stateTint[job.state]}`} role="status">
          <span class="dot" aria-hidden="true" />
          {job.stateLabel}
        </span>
        <span>{job.place}</span>
        <span>{job.accelerator}</span>
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
      {job.reason === null ? null : (
        <p class={`reason${job.state === 'failed' ? ' failed' : ''}`}>
          {job.reason}
          {job.native === null || job.native.includes(job.reason) ? null : (
            <span class="muted mono"> {job.native}</span>
          )}
        </p>
      )}
      {job.staleNote === null ? null : (
        <p class="reason stale" role="status">
          <Icon name="warning" tint="yellow" /> {job.staleNote}
        </p>
      )}
      <Timeline phases={job.phases} now={now} />
    </header>
  );
}

function elapsed(job: JobView, now: number): string {
  const since = (from: number, to: number): string => formatElapsed(Math.max(0, to - from));
  if (job.startedAt === null) {
    return job.endedAt === null
      ? t('waiting {0}', since(job.createdAt, now))
      : t('never ran, waited {0}', since(job.createdAt, job.endedAt));
  }
  return job.endedAt === null
    ? t('running {0}', since(job.startedAt, now))
    : t('ran {0}', since(job.startedAt, job.endedAt));
}

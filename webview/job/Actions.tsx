import type { JobView, PanelToHost, ReachView } from '../../src/protocol/jobPanel.ts';
import { t } from '../ui/l10n.ts';

/** What can be done with the job. */
export function Actions(props: { readonly job: JobView; readonly send: (message: PanelToHost) => void }) {
  const { job, send } = props;
  const reach = (label: string, type: 'openShell' | 'forwardPort', view: ReachView | null) =>
    view === null ? null : (
      <vscode-button
        appearance="secondary"
        disabled={view.problem !== null}
        title={view.problem ?? ''}
        onClick={() => {
          send({ type });
        }}
      >
        {label}
      </vscode-button>
    );
  return (
    <div class="actions">
      {reach(t('Shell'), 'openShell', job.shell)}
      {reach(t('Forward Port'), 'forwardPort', job.ports)}
      {job.locationLabel === null ? null : (
        <vscode-button
          appearance="secondary"
          onClick={() => {
            send({ type: 'reveal' });
          }}
        >
          {job.locationLabel}
        </vscode-button>
      )}
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
  );
}

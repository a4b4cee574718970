import type { JobView, PanelToHost } from '../../src/protocol/jobPanel.ts';
import { t } from '../ui/l10n.ts';
import { MemberTables } from './Members.tsx';

/** What happened when and why, then the job, the request and the status as they are. */
export function Details(props: { readonly job: JobView; readonly send: (message: PanelToHost) => void }) {
  const { job, send } = props;
  return (
    <div class="details">
      <h2>{t('History')}</h2>
      <table class="history">
        <tbody>
          {job.events.map((event, index) => (
            <tr key={index}>
              <td class="muted">{new Date(event.at).toLocaleTimeString([], { hour12: false })}</td>
              <td>
                {event.text}
                {event.native === null || event.text.includes(event.native) ? null : (
                  <div class="muted mono">{event.native}</div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <MemberTables job={job} />
      <h2>{t('Source')}</h2>
      <p class="mono">{job.sourceFolder}</p>
      {job.snapshot === null ? null : <p class="muted mono">{t('snapshot {0}', job.snapshot)}</p>}
      {job.details.map((section) => (
        <section key={section.title}>
          <h2>
            {section.title}
            {section.isRequest ? (
              <button
                type="button"
                class="link"
                onClick={() => {
                  send({ type: 'copyRequest' });
                }}
              >
                {t('Copy Request')}
              </button>
            ) : null}
          </h2>
          <pre tabIndex={0}>{section.text}</pre>
        </section>
      ))}
    </div>
  );
}

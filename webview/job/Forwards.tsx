import type { ForwardView, PanelToHost } from '../../src/protocol/jobPanel.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';

/** The ports of the job that can be reached from here. */
export function Forwards(props: {
  readonly forwards: readonly ForwardView[];
  readonly send: (message: PanelToHost) => void;
}) {
  const { forwards, send } = props;
  return (
    <>
      {forwards.map(({ id, label, address }) => (
        <p key={id} class="facts forward">
          <span>
            <Icon name="plug" /> {t('Port {0}', label)}
          </span>
          <button
            type="button"
            class="link"
            title={t('Open in Browser')}
            onClick={() => {
              send({ type: 'openForward', id });
            }}
          >
            {address}
          </button>
          <button
            type="button"
            class="link"
            onClick={() => {
              send({ type: 'copyForward', id });
            }}
          >
            {t('Copy')}
          </button>
          <button
            type="button"
            class="link"
            aria-label={t('Stop forwarding port {0}', label)}
            onClick={() => {
              send({ type: 'stopForward', id });
            }}
          >
            {t('Stop')}
          </button>
        </p>
      ))}
    </>
  );
}

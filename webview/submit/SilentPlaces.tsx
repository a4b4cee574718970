import type { SilentPlace } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';

/** Connections that did not answer (yet), under the list of what the others have. */
export function SilentPlaces(props: { readonly silent: readonly SilentPlace[]; readonly refresh: () => void }) {
  const { silent } = props;
  if (silent.length === 0) {
    return null;
  }
  return (
    <div class="picker-silent" role="status">
      {silent.map(({ connection, label, isAsking, word, reason }) => (
        <p key={connection} class="picker-row">
          {reason === null ? <Icon name="loading codicon-modifier-spin" /> : <Icon name="warning" tint="yellow" />}
          <span class="picker-name">{label}</span>
          <span class="picker-word muted" title={reason ?? ''}>
            {word}
            {reason === null ? null : <span class="visually-hidden">{reason}</span>}
          </span>
          {reason === null || isAsking ? null : (
            <button
              type="button"
              class="link"
              aria-label={t('Ask {0} again', label)}
              onMouseDown={(event) => {
                event.preventDefault();
                props.refresh();
              }}
            >
              {t('Try again')}
            </button>
          )}
        </p>
      ))}
    </div>
  );
}

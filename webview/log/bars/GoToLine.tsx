import { t } from '../../ui/l10n.ts';
import type { BarProps } from './barProps.ts';

export function GoToLine(props: BarProps) {
  const { log } = props;
  const label =
    log === undefined || log.filter === null
      ? t('Go to line, 1 to {0}', (log?.lines ?? 0).toLocaleString())
      : t('Go to line shown, 1 to {0}', log.rows.toLocaleString());
  return (
    <div class="log-find">
      <span class="query">
        <input
          id="log-go-to"
          type="text"
          inputMode="numeric"
          autocomplete="off"
          placeholder={label}
          aria-label={label}
          onKeyDown={(event) => {
            const line = Number(event.currentTarget.value.replaceAll(/[\s,._]/gu, ''));
            if (event.key === 'Enter' && Number.isSafeInteger(line) && line > 0) {
              event.preventDefault();
              props.goToLine(line - 1);
              props.show(null);
            }
          }}
        />
      </span>
    </div>
  );
}

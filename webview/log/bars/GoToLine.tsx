import { t } from '../../ui/l10n.ts';
import type { BarProps } from './barProps.ts';

export function GoToLine(props: BarProps) {
  const label = t('Go to line, 1 to {0}', (props.log?.lines ?? 0).toLocaleString());
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

import type { LineFilter } from '../../../src/core/logRow.ts';
import { t } from '../../ui/l10n.ts';
import { fromTimeField, toTimeField } from '../times.ts';
import { Dropdown } from './Dropdown.tsx';

type Range = Pick<LineFilter, 'from' | 'to'>;

/** From when to when lines are shown; either may be open. */
export function TimeRange({ from, to, change }: Range & { readonly change: (part: Partial<Range>) => void }) {
  const field = (side: keyof Range, label: string, time: number | null) => (
    <label class="field">
      <span>{label}</span>
      <input
        type="datetime-local"
        step="1"
        value={toTimeField(time)}
        onChange={(event) => {
          change({ [side]: fromTimeField(event.currentTarget.value, side === 'to') });
        }}
      />
    </label>
  );
  return (
    <Dropdown label={t('Time')} chosen={rangeText(from, to)} isNarrowed={from !== null || to !== null}>
      {field('from', t('From'), from)}
      {field('to', t('To'), to)}
    </Dropdown>
  );
}

function rangeText(from: number | null, to: number | null): string {
  if (from === null && to === null) {
    return t('all');
  }
  const clock = (time: number | null): string =>
    time === null ? '' : new Date(time).toLocaleTimeString([], { hour12: false });
  return `${clock(from)}–${clock(to)}`;
}

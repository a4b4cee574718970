import { t } from '../../ui/l10n.ts';
import type { BarProps } from './barProps.ts';
import { Tool } from './Tool.tsx';

export function KeyList({ show }: BarProps) {
  const keys: readonly (readonly [string, string])[] = [
    ['↑ ↓  j k', t('one line')],
    ['Page Up, Page Down, b, Space · d u', t('one page · half a page')],
    ['g, Home · G, F, End', t('start · end, and follow')],
    ['/, Ctrl+F · n N, F3', t('find · next and previous')],
    ['r', t('list of results')],
    ['e E · a A · t T', t('next and previous error · warning · traceback')],
    ['f · w, Alt+Z · s · l', t('filter · wrap · times · line numbers')],
    [':, Ctrl+G', t('go to line')],
    ['Shift+↑ ↓ Page Home End, Ctrl+A', t('select lines')],
    ['Ctrl+C', t('copy')],
    ['Enter', t('open the link of the line, or all of it')],
  ];
  return (
    <div class="log-keys" role="dialog" aria-label={t('Keys')}>
      <dl>
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <Tool
        label={t('Close (Escape)')}
        icon="close"
        act={() => {
          show(null);
        }}
      />
    </div>
  );
}

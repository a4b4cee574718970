import { visibleText } from '../../src/core/failure/visibleText.ts';
import type { LogRowView } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import { gapText } from './gapText.ts';

/** What a screen reader says of a line: what is seen of it, its colour at the edge in words. */
export function spokenRow(row: Pick<LogRowView, 'text' | 'level' | 'gap' | 'gapCause'>): string {
  const { text, level } = row;
  const gap = gapText(row);
  if (gap !== null) {
    return gap;
  }
  const visible = visibleText(text);
  switch (level) {
    case 'error':
      return t('error: {0}', visible);
    case 'warning':
      return t('warning: {0}', visible);
    case null:
      return visible.trim() === '' ? t('blank') : visible;
  }
}

import type { LogRowView } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';

/** What stands where lines are missing, null on a line; those that are only late are no gap. */
export function gapText({ gap, gapCause }: Pick<LogRowView, 'gap' | 'gapCause'>): string | null {
  return gap === null || gapCause === 'late' ? gap : t('Gap: {0}', gap);
}

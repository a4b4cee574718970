import { formatElapsed } from '../../src/core/quantity.ts';
import type { PhaseView } from '../../src/protocol/jobPanel.ts';
import { t } from '../ui/l10n.ts';
import { stateTint } from './stateTint.ts';

/** The life of the job as one bar: each phase as wide as it was long, but never too narrow to be hit. */
export function Timeline(props: { readonly phases: readonly PhaseView[]; readonly now: number }) {
  const shown = props.phases.map((phase) => ({ phase, length: Math.max(0, (phase.to ?? props.now) - phase.from) }));
  const total = shown.reduce((sum, { length }) => sum + length, 0);
  if (shown.length === 0) {
    return null;
  }
  return (
    <ol class="timeline" aria-label={t('Phases of the job')}>
      {shown.map(({ phase, length }, index) => {
        const took = formatElapsed(length);
        return (
          <li
            key={index}
            class={`phase bar-${stateTint[phase.state]}`}
            style={{ flexGrow: total === 0 ? 1 : length / total }}
            title={[`${phase.label} ${took}`, new Date(phase.from).toLocaleTimeString(), phase.reason]
              .filter((part) => part !== null)
              .join('\n')}
          >
            <span>{phase.label}</span> <span>{took}</span>
          </li>
        );
      })}
    </ol>
  );
}

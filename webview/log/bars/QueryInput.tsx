import type { LineQuery } from '../../../src/core/logRow.ts';
import { t } from '../../ui/l10n.ts';
import { Tool } from './Tool.tsx';

/** A box for something to look for, with the switches that VS Code's own have. */
export function QueryInput(props: {
  readonly id: string;
  readonly label: string;
  readonly query: LineQuery;
  readonly problem: string | null;
  readonly change: (part: Partial<LineQuery>) => void;
  /** Enter was pressed, with Shift when `backward`. */
  readonly enter: (backward: boolean) => void;
}) {
  const { query, change, problem } = props;
  const toggle = (label: string, icon: string, field: 'matchCase' | 'wholeWord' | 'isRegex') => (
    <Tool
      label={label}
      icon={icon}
      on={query[field]}
      act={() => {
        change({ [field]: !query[field] });
      }}
    />
  );
  return (
    <span class={`query${problem === null ? '' : ' wrong'}`} title={problem ?? undefined}>
      <input
        id={props.id}
        type="text"
        spellcheck={false}
        autocomplete="off"
        placeholder={props.label}
        aria-label={props.label}
        aria-invalid={problem !== null}
        value={query.text}
        onInput={(event) => {
          change({ text: event.currentTarget.value });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault();
            props.enter(event.shiftKey);
          }
        }}
      />
      {toggle(t('Match Case'), 'case-sensitive', 'matchCase')}
      {toggle(t('Match Whole Word'), 'whole-word', 'wholeWord')}
      {toggle(t('Use Regular Expression'), 'regex', 'isRegex')}
    </span>
  );
}

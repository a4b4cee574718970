import { useState } from 'preact/hooks';

import { Icon } from '../../ui/Icon.tsx';
import { t } from '../../ui/l10n.ts';

export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
}

/** Some of a list, chosen from a small menu; null means all. */
export function Choices<Value extends string | number>(props: {
  readonly label: string;
  readonly choices: readonly Choice<Value>[];
  readonly chosen: readonly Value[] | null;
  readonly change: (chosen: readonly Value[] | null) => void;
}) {
  const { label, choices, chosen, change } = props;
  const [isOpen, setOpen] = useState(false);
  const names = choices.filter(({ value }) => chosen?.includes(value)).map((choice) => choice.label);
  const said =
    chosen === null ? t('all') : names.length > 3 ? t('{0} of {1}', names.length, choices.length) : names.join(', ');
  return (
    <div
      class="choices"
      onFocusOut={(event) => {
        if (!(event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget))) {
          setOpen(false);
        }
      }}
    >
      <button
        type="button"
        class={`choice${chosen === null ? '' : ' narrowed'}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <span class="muted">{label}</span> {said} <Icon name="chevron-down" />
      </button>
      {isOpen ? (
        <div class="choice-list" role="menu" tabIndex={-1}>
          {choices.map(({ value, label }) => (
            <label key={value}>
              <input
                type="checkbox"
                checked={chosen?.includes(value) === true}
                onChange={() => {
                  change(toggled(chosen, value));
                }}
              />
              {label}
            </label>
          ))}
        </div>
      ) : null}
    </div>
  );
}

/** None chosen means all. */
function toggled<Value>(chosen: readonly Value[] | null, value: Value): readonly Value[] | null {
  const rest = (chosen ?? []).filter((other) => other !== value);
  const next = rest.length === (chosen ?? []).length ? [...rest, value] : rest;
  return next.length === 0 ? null : next;
}

import { t } from '../../ui/l10n.ts';
import { Dropdown } from './Dropdown.tsx';

export interface Choice<Value> {
  readonly value: Value;
  readonly label: string;
}

/** Some of a list; null means all. */
export function Choices<Value extends string | number>(props: {
  readonly label: string;
  readonly choices: readonly Choice<Value>[];
  readonly chosen: readonly Value[] | null;
  readonly change: (chosen: readonly Value[] | null) => void;
}) {
  const { label, choices, chosen, change } = props;
  return (
    <Dropdown label={label} chosen={chosenText(choices, chosen)} isNarrowed={chosen !== null}>
      {choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="checkbox"
            checked={chosen?.includes(choice.value) === true}
            onChange={() => {
              change(toggled(chosen, choice.value));
            }}
          />
          {choice.label}
        </label>
      ))}
    </Dropdown>
  );
}

function chosenText<Value>(choices: readonly Choice<Value>[], chosen: readonly Value[] | null): string {
  const names = choices.filter(({ value }) => chosen?.includes(value)).map(({ label }) => label);
  if (chosen === null) {
    return t('all');
  }
  return names.length > 3 ? t('{0} of {1}', names.length, choices.length) : names.join(', ');
}

/** None chosen means all. */
function toggled<Value>(chosen: readonly Value[] | null, value: Value): readonly Value[] | null {
  const rest = (chosen ?? []).filter((other) => other !== value);
  const next = rest.length === (chosen ?? []).length ? [...rest, value] : rest;
  return next.length === 0 ? null : next;
}

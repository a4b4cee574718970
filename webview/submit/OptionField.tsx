import { useEffect, useRef, useState } from 'preact/hooks';

import type { JobOption } from '../../src/core/provider.ts';
import type { FormProblem } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { fieldId, Problems, TextField } from './fields.tsx';

export interface OptionFieldProps {
  readonly option: JobOption;
  /** Empty: nothing is chosen. */
  readonly value: string;
  readonly problems: readonly FormProblem[];
  readonly change: (value: string) => void;
}

interface Row {
  readonly value: string;
  readonly label: string;
  readonly description: string;
}

/** A choice that only this connection has: a list to choose from, and to type into where other values may be. */
export function OptionField(props: OptionFieldProps) {
  const { option, value, problems, change } = props;
  const field = `options.${option.name}` as const;
  if (option.choices.length === 0) {
    return (
      <TextField
        field={field}
        label={option.label}
        value={value}
        problems={problems}
        placeholder={option.fallback ?? ''}
        hint={option.help}
        change={change}
      />
    );
  }
  const invalid = problems.some((problem) => problem.field === field);
  return (
    <div class={`field picker${invalid ? ' invalid' : ''}`}>
      <label for={fieldId(field)}>{option.label}</label>
      <ChoiceInput {...props} id={fieldId(field)} invalid={invalid} />
      <Problems problems={problems} field={field} />
      {invalid ? null : <div class="hint">{option.help}</div>}
    </div>
  );
}

/** A combobox (ARIA 1.2): arrows to move, Enter to choose, Escape to leave; typing narrows the list. */
function ChoiceInput(props: OptionFieldProps & { readonly id: string; readonly invalid: boolean }) {
  const { id, option, value, change } = props;
  /** What was typed since the list opened; undefined: nothing, so all is shown. */
  const [typed, setTyped] = useState<string>();
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const rows = rowsOf(option, typed ?? '');
  const listId = `${id}-list`;
  const rowId = (index: number): string => `${id}-row-${index}`;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active, open]);

  const close = (): void => {
    setOpen(false);
    setTyped(undefined);
  };
  const show = (): void => {
    setActive(
      Math.max(
        0,
        rowsOf(option, '').findIndex((row) => row.value === value),
      ),
    );
    setOpen(true);
  };
  const choose = (row: Row | undefined): void => {
    if (row !== undefined) {
      change(row.value);
      close();
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      if (open) {
        setActive((index) => Math.min(rows.length - 1, Math.max(0, index + step)));
      } else {
        show();
      }
    } else if (event.key === 'Enter' && open && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      choose(rows[active]);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  return (
    <div class="picker-box">
      <input
        id={id}
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        aria-expanded={open}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && rows[active] !== undefined ? rowId(active) : undefined}
        aria-invalid={props.invalid}
        placeholder={option.fallback ?? t('none')}
        value={option.mayType ? value : (typed ?? value)}
        onInput={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          setActive(0);
          setOpen(true);
          if (option.mayType || text === '') {
            change(text);
          }
        }}
        onClick={show}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      <Icon name="chevron-down" />
      {open && rows.length > 0 ? (
        <div id={listId} class="picker-list" role="listbox" aria-label={option.label} ref={list}>
          {rows.map((row, index) => (
            <div
              key={row.value}
              id={rowId(index)}
              role="option"
              aria-selected={index === active}
              class={`picker-row${index === active ? ' active' : ''}`}
              // Choosing on press keeps the focus in the input.
              onMouseDown={(event: MouseEvent) => {
                event.preventDefault();
                choose(row);
              }}
            >
              <span class="picker-name">{row.label}</span>
              <span class="picker-price muted">{row.description}</span>
            </div>
          ))}
        </div>
      ) : null}
    </div>
  );
}

/** What matches, and above it the way back to nothing chosen. */
function rowsOf(option: JobOption, query: string): readonly Row[] {
  const words = query.toLowerCase().split(/\s+/u);
  const matches = ({ value, description }: { readonly value: string; readonly description: string }): boolean =>
    words.every((word) => `${value} ${description}`.toLowerCase().includes(word));
  const found = option.choices.filter(matches).map((choice) => ({ ...choice, label: choice.value }));
  const none =
    option.fallback === null
      ? { value: '', label: t('none'), description: '' }
      : { value: '', label: t('Default'), description: option.fallback };
  return query === '' ? [none, ...found] : found;
}

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import type { FormDraft, FormProblem, FormState } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Problems } from './fields.tsx';
import { choiceText, type PickerRow, pickerRows } from './pickerRows.ts';

const likelihoodTint = { now: 'green', wait: 'yellow', unknown: 'gray', no: 'red' } as const;

export interface PickerProps {
  readonly state: FormState;
  readonly problems: readonly FormProblem[];
  readonly pick: (change: Partial<FormDraft>) => void;
  readonly refresh: () => void;
}

/** A combobox (ARIA 1.2): type to search, arrows to move, Enter to choose, Escape to leave. */
export function AcceleratorPicker({ state, problems, pick, refresh }: PickerProps) {
  const { draft, accelerators } = state;
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => pickerRows(accelerators ?? [], query), [accelerators, query]);
  const selectable = rows.filter((row) => row.kind !== 'vendor');
  const activeKey = selectable[active]?.key;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [activeKey, open]);

  const close = (): void => {
    setOpen(false);
    setQuery('');
  };
  const show = (): void => {
    const current = selectable.findIndex(
      (row) => row.kind === 'choice' && row.choice.name === draft.accelerator && String(row.count) === draft.count,
    );
    setActive(Math.max(0, current));
    setOpen(true);
  };
  const choose = (row: PickerRow | undefined): void => {
    if (row === undefined || row.kind === 'vendor') {
      return;
    }
    pick({
      accelerator: row.choice.name,
      count: String(Math.max(1, row.count)),
      ...(row.kind === 'place' ? { connection: row.place.connection, region: row.place.region ?? '' } : {}),
    });
    close();
  };
  const move = (by: number): void => {
    if (open) {
      setActive((index) => Math.min(selectable.length - 1, Math.max(0, index + by)));
    } else {
      show();
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      move(step);
    } else if (event.key === 'Enter' && open) {
      event.preventDefault();
      choose(selectable[active]);
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  const invalid = problems.some((problem) => problem.field === 'accelerator');
  return (
    <div class={`field picker${invalid ? ' invalid' : ''}`}>
      <label for="field-accelerator">{t('Accelerator')}</label>
      <div class="picker-box">
        <input
          id="field-accelerator"
          type="text"
          role="combobox"
          autocomplete="off"
          spellcheck={false}
          aria-expanded={open}
          aria-controls="accelerator-list"
          aria-autocomplete="list"
          aria-activedescendant={open && activeKey !== undefined ? rowId(activeKey) : undefined}
          aria-invalid={invalid}
          placeholder={open ? t('Search, for example h100 or 80 GB') : ''}
          value={open ? query : currentText(state)}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setActive(0);
            setOpen(true);
          }}
          onClick={show}
          onBlur={close}
          onKeyDown={onKeyDown}
        />
        <Icon name="chevron-down" />
      </div>
      {open ? (
        <div id="accelerator-list" class="picker-list" role="listbox" aria-label={t('Accelerators')} ref={list}>
          {accelerators === null ? <p class="picker-note">{t('Looking what there is…')}</p> : null}
          {rows.map((row) => (
            <Row key={row.key} row={row} active={row.key === activeKey} choose={choose} />
          ))}
          {accelerators !== null && rows.length === 0 ? (
            <p class="picker-note">{t('Nothing here matches “{0}”.', query)}</p>
          ) : null}
        </div>
      ) : null}
      <Problems problems={problems} field="accelerator" />
      {state.acceleratorsError === null ? null : (
        <p class="problem" role="alert">
          {state.acceleratorsError}{' '}
          <button type="button" class="link" onClick={refresh}>
            {t('Try again')}
          </button>
        </p>
      )}
    </div>
  );
}

const rowId = (key: string): string => `row-${key.replaceAll(/[^\w]/gu, '_')}`;

function currentText(state: FormState): string {
  const { accelerator, count } = state.draft;
  const choice = state.accelerators?.find((candidate) => candidate.name === accelerator);
  if (choice !== undefined) {
    return choiceText(choice, Number(count));
  }
  return accelerator === '' ? t('CPU only') : `${accelerator} × ${count}`;
}

function Row(props: { readonly row: PickerRow; readonly active: boolean; readonly choose: (row: PickerRow) => void }) {
  const { row, active } = props;
  if (row.kind === 'vendor') {
    return (
      <div class="picker-vendor" role="presentation">
        {row.label}
      </div>
    );
  }
  const option = {
    id: rowId(row.key),
    role: 'option',
    'aria-selected': active,
    // Choosing on press keeps the focus in the input.
    onMouseDown: (event: MouseEvent) => {
      event.preventDefault();
      props.choose(row);
    },
  } as const;
  if (row.kind === 'place') {
    const { place } = row;
    return (
      <div {...option} class={`picker-row place${active ? ' active' : ''}`}>
        <span class={`dot tint-${likelihoodTint[place.likelihood]}`} aria-hidden="true" />
        <span class="picker-name">
          {[place.connectionLabel, place.region].filter((part) => part !== null).join(' · ')}
        </span>
        <span class="muted">{place.note}</span>
        <span class="picker-price muted">{place.price}</span>
      </div>
    );
  }
  const count = row.choice.places.length;
  return (
    <div {...option} class={`picker-row${active ? ' active' : ''}`}>
      <span class="picker-name">{choiceText(row.choice, row.count)}</span>
      <span class="picker-price muted">{count === 1 ? t('1 place') : t('{0} places', count)}</span>
    </div>
  );
}

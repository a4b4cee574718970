import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import type { FormDraft, FormProblem, FormState } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Problems } from './fields.tsx';
import { choiceKey, choiceText, pickerRows, type SelectableRow } from './pickerRows.ts';
import { PickerRowView, rowId } from './PickerRowView.tsx';
import { SilentPlaces } from './SilentPlaces.tsx';

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
  const [lookedAt, setLookedAt] = useState<string | undefined>(undefined);
  const list = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => pickerRows(accelerators ?? [], query, lookedAt), [accelerators, query, lookedAt]);
  const selectable = rows.filter((row) => row.kind !== 'vendor');
  const active = selectable.find(({ key }) => key === lookedAt) ?? selectable[0];
  const activeKey = active?.key;

  useEffect(() => {
    // In a low view the list would be out of sight.
    list.current?.scrollIntoView({ block: 'nearest' });
  }, [open]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [activeKey, open]);

  const close = (): void => {
    setOpen(false);
    setQuery('');
  };
  const show = (): void => {
    setLookedAt(choiceKey({ name: draft.accelerator, count: draft.accelerator === '' ? 0 : Number(draft.count) }));
    setOpen(true);
  };
  const choose = (row: SelectableRow | undefined): void => {
    if (row !== undefined) {
      pick(chosen(row, draft));
      close();
    }
  };
  const move = (by: number): void => {
    if (open) {
      const from = selectable.findIndex(({ key }) => key === activeKey);
      setLookedAt(selectable[Math.min(selectable.length - 1, Math.max(0, from + by))]?.key);
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
      choose(active);
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
            setLookedAt(undefined);
            setOpen(true);
          }}
          onClick={show}
          onBlur={close}
          onKeyDown={onKeyDown}
        />
        <Icon name="chevron-down" />
      </div>
      {open ? (
        <div class="picker-list">
          <div id="accelerator-list" role="listbox" aria-label={t('Accelerators')} ref={list}>
            {accelerators === null ? <p class="picker-note">{t('Looking what there is…')}</p> : null}
            {rows.map((row) => (
              <PickerRowView
                key={row.key}
                row={row}
                isActive={row.key === activeKey}
                choose={choose}
                look={(looked) => {
                  setLookedAt(looked.key);
                }}
              />
            ))}
            {accelerators !== null && rows.length === 0 ? (
              <p class="picker-note">{t('Nothing here matches “{0}”.', query)}</p>
            ) : null}
          </div>
          <SilentPlaces silent={state.silent} refresh={refresh} />
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

function currentText(state: FormState): string {
  const { accelerator, count } = state.draft;
  const wanted = accelerator === '' ? 0 : Number(count);
  const choice = state.accelerators?.find((known) => known.name === accelerator && known.count === wanted);
  if (choice !== undefined) {
    return choiceText(choice);
  }
  return accelerator === '' ? t('CPU only') : `${accelerator} × ${count}`;
}

/**
 * A place names connection and region; an accelerator alone leaves that to placement, unless the person chose a provider that
 * has it.
 */
function chosen(row: SelectableRow, draft: FormDraft): Partial<FormDraft> {
  const { name, count, places } = row.choice;
  const accelerator = { accelerator: name, count: String(Math.max(1, count)) };
  if (row.kind === 'place') {
    return { ...accelerator, connection: row.place.connection, region: row.place.region ?? '' };
  }
  const there = places.filter(({ connection }) => connection === draft.connection);
  const isInRegion = there.some(({ region }) => region === draft.region);
  return {
    ...accelerator,
    connection: there.length === 0 ? '' : draft.connection,
    region: isInRegion ? draft.region : '',
  };
}

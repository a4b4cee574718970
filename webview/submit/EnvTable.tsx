import type { EnvRow, FormProblem } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Problems } from './fields.tsx';

/** Name and value rows; there is always an empty one at the end to type into. */
export function EnvTable(props: {
  readonly rows: readonly EnvRow[];
  readonly problems: readonly FormProblem[];
  readonly change: (rows: readonly EnvRow[]) => void;
}) {
  const shown = [...props.rows, { name: '', value: '' }];
  const edit = (index: number, change: Partial<EnvRow>): void => {
    props.change(
      shown
        .map((row, at) => (at === index ? { ...row, ...change } : row))
        .filter((row, at) => at < props.rows.length || row.name !== '' || row.value !== ''),
    );
  };
  return (
    <fieldset class="field rows" id="field-env" tabIndex={-1}>
      <legend>{t('Environment')}</legend>
      {shown.map((row, index) => (
        <div key={index} class="row">
          <input
            class="mono"
            aria-label={t('Name of variable {0}', index + 1)}
            placeholder={t('NAME')}
            spellcheck={false}
            value={row.name}
            onInput={(event) => {
              edit(index, { name: event.currentTarget.value });
            }}
          />
          <input
            class="mono"
            aria-label={t('Value of variable {0}', index + 1)}
            placeholder={t('value')}
            spellcheck={false}
            value={row.value}
            onInput={(event) => {
              edit(index, { value: event.currentTarget.value });
            }}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={t('Remove variable {0}', row.name)}
            disabled={index === props.rows.length}
            onClick={() => {
              props.change(props.rows.filter((_, at) => at !== index));
            }}
          >
            <Icon name="close" />
          </button>
          <Problems problems={props.problems} field="env" row={index} />
        </div>
      ))}
    </fieldset>
  );
}

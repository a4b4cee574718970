import { useState } from 'preact/hooks';

import type { FormProblem } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { Problems } from './fields.tsx';

/** Names of secrets. Values are asked for by the editor and never enter this page. */
export function SecretList(props: {
  readonly names: readonly string[];
  readonly stored: readonly string[];
  readonly problems: readonly FormProblem[];
  readonly change: (names: readonly string[]) => void;
  readonly setValue: (name: string) => void;
}) {
  const [typed, setTyped] = useState('');
  const add = (): void => {
    const name = typed.trim();
    if (name !== '' && !props.names.includes(name)) {
      props.change([...props.names, name]);
      setTyped('');
    }
  };
  return (
    <fieldset class="field rows" id="field-secrets" tabIndex={-1}>
      <legend>{t('Secrets')}</legend>
      {props.names.map((name, index) => (
        <div key={name} class="row secret">
          <span class="mono">{name}</span>
          <button
            type="button"
            class="link"
            onClick={() => {
              props.setValue(name);
            }}
          >
            {props.stored.includes(name) ? t('Change value') : t('Set value')}
          </button>
          <button
            type="button"
            class="icon-button"
            aria-label={t('Remove secret {0}', name)}
            onClick={() => {
              props.change(props.names.filter((other) => other !== name));
            }}
          >
            <Icon name="close" />
          </button>
          <Problems problems={props.problems} field="secrets" row={index} />
        </div>
      ))}
      <div class="row secret">
        <input
          class="mono"
          aria-label={t('Name of a secret')}
          placeholder={props.names.length === 0 ? t('HF_TOKEN') : t('another name')}
          spellcheck={false}
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              event.preventDefault();
              add();
            }
          }}
        />
        <button type="button" class="link" onClick={add} disabled={typed.trim() === ''}>
          {t('Add')}
        </button>
      </div>
    </fieldset>
  );
}

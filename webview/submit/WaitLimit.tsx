import type { FormState } from '../../src/protocol/submitForm.ts';
import { t } from '../ui/l10n.ts';
import { type FieldProps, TextField } from './fields.tsx';

/** Where waits are bounded as a rule, the limit is shown though nobody typed it. */
export function WaitLimit(props: {
  readonly field: FieldProps;
  readonly state: Pick<FormState, 'connections' | 'draft'>;
}) {
  const { connections, draft } = props.state;
  const chosen = connections.find(({ id }) => id === draft.connection);
  const bounded = (chosen === undefined ? connections : [chosen]).find(({ usualWait }) => usualWait !== null);
  return (
    <TextField
      {...props.field}
      placeholder={chosen?.usualWait ?? (chosen === undefined && bounded !== undefined ? '' : t('never'))}
      hint={
        bounded === undefined
          ? undefined
          : t('Usually {0} on {1}; type never for no limit.', bounded.usualWait ?? '', bounded.label)
      }
    />
  );
}

import type { JobOption } from '../../src/core/provider.ts';
import type { FormDraft, FormProblem, FormState } from '../../src/protocol/submitForm.ts';
import { t } from '../ui/l10n.ts';
import { OptionField } from './OptionField.tsx';
import { Section } from './Section.tsx';

/** What only the chosen connection lets a job choose; nothing where it has no such thing. */
export function OptionFields(props: {
  readonly state: FormState;
  /** The name of the chosen connection. */
  readonly place: string;
  readonly edit: (part: Partial<FormDraft>) => void;
  readonly refresh: () => void;
}) {
  const { state, place, edit, refresh } = props;
  const { draft, problems } = state;
  const { options, isAsking, problem } = state.options;
  const values = draft.options[draft.connection] ?? {};
  const shown = withForgotten(options, values, isAsking || problem !== null);
  const set = (name: string, value: string): void => {
    edit({ options: { ...draft.options, [draft.connection]: { ...values, [name]: value } } });
  };
  if (draft.connection === '') {
    return null;
  }
  return (
    <>
      {problem === null ? null : (
        <p class="hint" role="status">
          {t('{0} did not say which options it has. {1}', place, problem)}{' '}
          <button type="button" class="link" onClick={refresh}>
            {t('Try again')}
          </button>
        </p>
      )}
      {isAsking && options.length === 0 ? <p class="hint asking">{t('Asking {0} for its options…', place)}</p> : null}
      {shown.length === 0 ? null : (
        <Section
          title={t('Options of {0}', place)}
          filled={shown.filter(({ name }) => (values[name] ?? '') !== '').length}
        >
          {shown.map((option) => (
            <OptionField
              key={option.name}
              option={option}
              value={values[option.name] ?? ''}
              problems={problems}
              change={(value) => {
                set(option.name, value);
              }}
            />
          ))}
        </Section>
      )}
      {problems.filter(belongsTo(shown)).map(({ message }) => (
        <p key={message} class="problem" role="alert">
          {message}
        </p>
      ))}
    </>
  );
}

/** What was chosen once goes with the job, so it is shown even where it is not known (any more). */
function withForgotten(
  options: readonly JobOption[],
  values: Readonly<Record<string, string>>,
  isUnsure: boolean,
): readonly JobOption[] {
  const names = new Set(options.map(({ name }) => name));
  const forgotten = Object.entries(values).flatMap(([name, value]) =>
    names.has(name) || value === ''
      ? []
      : [
          {
            name,
            label: name,
            help: isUnsure ? '' : t('It is not offered any more. Empty the field to leave it out.'),
            choices: [],
            mayType: true,
            fallback: null,
          },
        ],
  );
  return [...options, ...forgotten];
}

/** Problems of options that have no field of their own to stand at. */
function belongsTo(shown: readonly JobOption[]): (problem: FormProblem) => boolean {
  return ({ field }) => field.startsWith('options.') && !shown.some(({ name }) => field === `options.${name}`);
}

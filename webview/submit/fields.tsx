import type { ComponentChildren } from 'preact';

import type { FormField, FormProblem } from '../../src/protocol/submitForm.ts';

/** Where a field's element is found: `focusField` and the problems below refer to it. */
export const fieldId = (field: FormField, row: number | null = null): string =>
  row === null ? `field-${field}` : `field-${field}-${row}`;

export function focusField(field: FormField): void {
  const element = document.querySelector<HTMLElement>(`[id="${fieldId(field)}"]`);
  element?.closest('details')?.setAttribute('open', '');
  element?.focus();
}

/** What is wrong may be in a part that is folded away, and in one of many rows. */
export function focusFirstProblem(): void {
  const problem = document.querySelector('[data-problem]');
  const holder = problem?.closest('.row, .field');
  holder?.closest('details')?.setAttribute('open', '');
  // Of the fields that share a line, each has its own element around it and what is said of it.
  holder?.querySelector<HTMLElement>('input, button, vscode-text-field, vscode-text-area, vscode-dropdown')?.focus();
  problem?.scrollIntoView({ block: 'nearest' });
}

export function Problems(props: {
  readonly problems: readonly FormProblem[];
  readonly field: FormField;
  readonly row?: number;
  /** Names the field where several share a line. */
  readonly label?: string;
}) {
  const own = props.problems.filter(
    (problem) => problem.field === props.field && (props.row === undefined || problem.row === props.row),
  );
  return (
    <>
      {own.map((problem) => (
        <p key={problem.message} class="problem" role="alert" data-problem={props.field} data-label={props.label}>
          {problem.message}
        </p>
      ))}
    </>
  );
}

export interface FieldProps {
  readonly field: FormField;
  readonly label: string;
  readonly value: string;
  readonly problems: readonly FormProblem[];
  readonly change: (value: string) => void;
  readonly placeholder?: string;
  readonly mono?: boolean;
  /** Shown under the field while it has no problem. */
  readonly hint?: ComponentChildren;
}

const valueOf = (event: Event): string => {
  const { target } = event;
  return target instanceof HTMLElement && 'value' in target && typeof target.value === 'string' ? target.value : '';
};

const invalid = (problems: readonly FormProblem[], field: FormField): boolean =>
  problems.some((problem) => problem.field === field);

export function TextField(props: FieldProps) {
  const bad = invalid(props.problems, props.field);
  return (
    <div class={`field${bad ? ' invalid' : ''}`}>
      <vscode-text-field
        id={fieldId(props.field)}
        class={props.mono === true ? 'mono' : ''}
        value={props.value}
        placeholder={props.placeholder ?? ''}
        aria-invalid={bad}
        onInput={(event: Event) => {
          props.change(valueOf(event));
        }}
      >
        {props.label}
      </vscode-text-field>
      <Problems problems={props.problems} field={props.field} label={props.label} />
      {bad || props.hint === undefined ? null : <div class="hint">{props.hint}</div>}
    </div>
  );
}

export function TextArea(props: FieldProps & { readonly rows: number }) {
  const bad = invalid(props.problems, props.field);
  return (
    <div class={`field${bad ? ' invalid' : ''}`}>
      <vscode-text-area
        id={fieldId(props.field)}
        class="mono"
        value={props.value}
        rows={props.rows}
        placeholder={props.placeholder ?? ''}
        aria-invalid={bad}
        onInput={(event: Event) => {
          props.change(valueOf(event));
        }}
      >
        {props.label}
      </vscode-text-area>
      <Problems problems={props.problems} field={props.field} label={props.label} />
      {bad || props.hint === undefined ? null : <div class="hint">{props.hint}</div>}
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function Dropdown(
  props: FieldProps & {
    readonly choices: readonly Choice[];
    /** At the end of the label's line, though after the list for the keyboard. */
    readonly aside?: ComponentChildren;
  },
) {
  const id = fieldId(props.field);
  return (
    <div class="field">
      <label id={`${id}-label`} for={id}>
        {props.label}
      </label>
      <vscode-dropdown
        // What it shows of the chosen option does not follow when that is named anew.
        key={props.choices.map(({ label }) => label).join('\n')}
        id={id}
        aria-label={props.label}
        value={props.value}
        onChange={(event: Event) => {
          props.change(valueOf(event));
        }}
        // Arrows choose at once; this takes it back before the list closes and tells of it.
        onKeyDownCapture={(event: KeyboardEvent) => {
          if (event.key === 'Escape' && event.currentTarget instanceof HTMLElement && 'value' in event.currentTarget) {
            event.currentTarget.value = props.value;
          }
        }}
      >
        {props.choices.map((choice) => (
          <vscode-option key={choice.value} value={choice.value} selected={choice.value === props.value}>
            {choice.label}
          </vscode-option>
        ))}
      </vscode-dropdown>
      {props.aside === undefined ? null : <div class="aside">{props.aside}</div>}
      <Problems problems={props.problems} field={props.field} />
      {props.hint === undefined ? null : <div class="hint">{props.hint}</div>}
    </div>
  );
}

export function Checkbox(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly change: (checked: boolean) => void;
}) {
  return (
    <vscode-checkbox
      checked={props.checked}
      onChange={(event: Event) => {
        const { target } = event;
        props.change(target instanceof HTMLElement && 'checked' in target && target.checked === true);
      }}
    >
      {props.label}
    </vscode-checkbox>
  );
}

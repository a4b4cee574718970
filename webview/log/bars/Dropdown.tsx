import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

import { Icon } from '../../ui/Icon.tsx';

/** A button that says what is chosen and opens the choice below it. */
export function Dropdown(props: {
  readonly label: string;
  readonly chosen: string;
  /** Something is left out by it. */
  readonly isNarrowed: boolean;
  readonly children: ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div
      class="choices"
      onFocusOut={(event) => {
        const to = event.relatedTarget;
        if (to !== null && !(to instanceof Node && event.currentTarget.contains(to))) {
          setOpen(false);
        }
      }}
    >
      <button
        type="button"
        class={`choice${props.isNarrowed ? ' narrowed' : ''}`}
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <span class="muted">{props.label}</span> {props.chosen} <Icon name="chevron-down" />
      </button>
      {isOpen ? (
        <div class="choice-list" role="group" aria-label={props.label} tabIndex={-1}>
          {props.children}
        </div>
      ) : null}
    </div>
  );
}

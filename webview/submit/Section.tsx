import type { ComponentChildren } from 'preact';

import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';

/** A part of the form that folds away and says how much of it is filled in. */
export function Section(props: {
  readonly title: string;
  readonly filled: number;
  readonly children: ComponentChildren;
}) {
  return (
    <details>
      <summary>
        <Icon name="chevron-right" />
        <span>
          {props.title}
          {props.filled === 0 ? null : <span class="muted"> · {t('{0} set', props.filled)}</span>}
        </span>
      </summary>
      <div class="section">{props.children}</div>
    </details>
  );
}

import type { ComponentChildren } from 'preact';

import { Icon } from '../ui/Icon.tsx';

/** One line of what will come of the job: an icon and a sentence. */
export function Line(props: { readonly icon: string; readonly children: ComponentChildren }) {
  return (
    <p class="line">
      <Icon name={props.icon} />
      <span>{props.children}</span>
    </p>
  );
}

import { Icon } from '../../ui/Icon.tsx';

/** A button of a bar: an icon, with a count beside it where there is one. */
export function Tool(props: {
  readonly label: string;
  readonly icon: string;
  readonly act: () => void;
  /** Of a button that stays pressed. */
  readonly on?: boolean | undefined;
  /** Of a button that opens a menu. */
  readonly expanded?: boolean;
  readonly disabled?: boolean;
  readonly tint?: string;
  readonly count?: number;
}) {
  const { label, icon, act, on, expanded, disabled, tint, count } = props;
  return (
    <button
      type="button"
      class={`tool${count === undefined ? '' : ' counted'}`}
      title={label}
      aria-label={count === undefined ? label : `${label}: ${count.toLocaleString()}`}
      aria-pressed={on}
      aria-haspopup={expanded === undefined ? undefined : 'menu'}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={act}
    >
      <Icon name={icon} tint={tint} />
      {count === undefined ? null : <span>{shortCount(count)}</span>}
    </button>
  );
}

function shortCount(count: number): string {
  return count < 10_000 ? count.toLocaleString() : `${Math.floor(count / 1_000).toLocaleString()}k`;
}

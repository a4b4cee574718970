import type { PlaceChoice } from '../../src/protocol/submitForm.ts';
import { Icon } from '../ui/Icon.tsx';
import { t } from '../ui/l10n.ts';
import { choiceText, type PickerRow, type SelectableRow } from './pickerRows.ts';

const likelihoodTint = { now: 'green', wait: 'yellow', unknown: 'gray', no: 'red' } as const;

/** The id of a row's element. */
export const rowId = (key: string): string => `row-${key.replaceAll(/[^\w]/gu, '_')}`;

/** One line of the accelerator list; `look` opens the places behind a choice without choosing it. */
export function PickerRowView(props: {
  readonly row: PickerRow;
  readonly isActive: boolean;
  readonly choose: (row: SelectableRow) => void;
  readonly look: (row: SelectableRow) => void;
}) {
  const { row, isActive } = props;
  if (row.kind === 'vendor') {
    return (
      <div class="picker-vendor" role="presentation">
        {row.label}
      </div>
    );
  }
  // Whatever is done on press keeps the focus in the input.
  const onPress = (act: (row: SelectableRow) => void) => (event: MouseEvent) => {
    event.preventDefault();
    event.stopPropagation();
    act(row);
  };
  const option = {
    id: rowId(row.key),
    role: 'option',
    'aria-selected': isActive,
    onMouseDown: onPress(props.choose),
  } as const;
  const active = isActive ? ' active' : '';
  if (row.kind === 'place') {
    const { place } = row;
    return (
      <div {...option} class={`picker-row place${active}`} aria-label={placeText(place)}>
        <span class={`dot tint-${likelihoodTint[place.likelihood]}`} aria-hidden="true" />
        <span class="picker-name">{placeName(place)}</span>
        <span class="picker-tail">
          <span class="picker-word muted">{place.note}</span>
          <span class={`picker-price muted${/\d/u.test(place.price) ? '' : ' free'}`}>{place.price}</span>
        </span>
      </div>
    );
  }
  const { choice } = row;
  const places = choice.places.length === 1 ? t('1 place') : t('{0} places', choice.places.length);
  return (
    <div
      {...option}
      class={`picker-row choice${active}`}
      aria-label={[choiceText(choice), places, choice.price].filter((part) => part !== '').join(', ')}
    >
      <span class="picker-twistie" aria-hidden="true" onMouseDown={onPress(props.look)}>
        <Icon name={row.isOpen ? 'chevron-down' : 'chevron-right'} />
      </span>
      <span class="picker-name">{choiceText(choice)}</span>
      <span class="picker-tail">
        <span class="picker-word muted">{places}</span>
        <span class="picker-price">{choice.price}</span>
      </span>
    </div>
  );
}

function placeName({ connectionLabel, region }: PlaceChoice): string {
  return region === null ? connectionLabel : `${connectionLabel} · ${region}`;
}

/** For a screen reader, which sees no dot. */
function placeText(place: PlaceChoice): string {
  const words = {
    now: t('can start now'),
    wait: t('would wait'),
    unknown: t('not known when it could start'),
    no: t('cannot start'),
  } as const;
  return [placeName(place), words[place.likelihood], place.note, place.price].filter((part) => part !== '').join(', ');
}

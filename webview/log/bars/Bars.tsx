import type { BarProps } from './barProps.ts';
import { FilterBar } from './FilterBar.tsx';
import { FindBar } from './FindBar.tsx';
import { GoToLine } from './GoToLine.tsx';
import { KeyList } from './KeyList.tsx';
import { StatusLine } from './StatusLine.tsx';

/** What stands above the rows: one calm line, and what is open below it. */
export function Bars(props: BarProps) {
  const { settings, popup } = props;
  return (
    <>
      <StatusLine {...props} />
      {settings.findOpen ? <FindBar {...props} /> : null}
      {settings.filterOpen ? <FilterBar {...props} /> : null}
      {popup === 'goTo' ? <GoToLine {...props} /> : null}
      {popup === 'keys' ? <KeyList {...props} /> : null}
      <div class="visually-hidden" role="status">
        {props.said}
      </div>
    </>
  );
}

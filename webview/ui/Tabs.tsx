/** A row of tabs; the arrow keys go from one to the next. The body of a tab has the id `panel-` and its name. */
export function Tabs<Name extends string>(props: {
  readonly label: string;
  readonly tabs: readonly { readonly name: Name; readonly label: string }[];
  readonly chosen: Name;
  readonly show: (name: Name) => void;
}) {
  const { label, tabs, chosen, show } = props;
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = tabs.at((tabs.findIndex(({ name }) => name === chosen) + step) % tabs.length);
    if (step !== 0 && next !== undefined) {
      event.preventDefault();
      show(next.name);
      document.querySelector<HTMLElement>(`#tab-${next.name}`)?.focus();
    }
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.name}
            type="button"
            role="tab"
            id={`tab-${tab.name}`}
            aria-selected={tab.name === chosen}
            aria-controls={`panel-${tab.name}`}
            tabIndex={tab.name === chosen ? 0 : -1}
            onClick={() => {
              show(tab.name);
            }}
          >
            {tab.label}
          </button>
        ))}
      </div>
    </div>
  );
}

/** What a key does in a log: the editor's keys and those of `less`. */
export type LogCommand =
  | { readonly kind: 'move'; readonly rows: number }
  | { readonly kind: 'page'; readonly pages: number }
  | { readonly kind: 'scroll'; readonly rows: number }
  | { readonly kind: 'select'; readonly rows: number; readonly pages: number }
  | { readonly kind: 'selectTo'; readonly edge: 'start' | 'end' }
  | { readonly kind: 'mark'; readonly mark: 'error' | 'warning' | 'failure'; readonly backward: boolean }
  | { readonly kind: 'match'; readonly backward: boolean }
  | {
      readonly kind:
        | 'start'
        | 'end'
        | 'find'
        | 'goTo'
        | 'wrap'
        | 'times'
        | 'numbers'
        | 'filter'
        | 'results'
        | 'copy'
        | 'selectAll'
        | 'open'
        | 'leave'
        | 'keys';
    };

type Key = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

const plain: ReadonlyMap<string, LogCommand> = new Map<string, LogCommand>([
  ['ArrowDown', { kind: 'move', rows: 1 }],
  ['ArrowUp', { kind: 'move', rows: -1 }],
  ['j', { kind: 'move', rows: 1 }],
  ['k', { kind: 'move', rows: -1 }],
  ['PageDown', { kind: 'page', pages: 1 }],
  ['PageUp', { kind: 'page', pages: -1 }],
  [' ', { kind: 'page', pages: 1 }],
  ['b', { kind: 'page', pages: -1 }],
  ['d', { kind: 'page', pages: 0.5 }],
  ['u', { kind: 'page', pages: -0.5 }],
  ['Home', { kind: 'start' }],
  ['g', { kind: 'start' }],
  ['End', { kind: 'end' }],
  ['G', { kind: 'end' }],
  ['F', { kind: 'end' }],
  ['/', { kind: 'find' }],
  ['n', { kind: 'match', backward: false }],
  ['N', { kind: 'match', backward: true }],
  ['F3', { kind: 'match', backward: false }],
  ['e', { kind: 'mark', mark: 'error', backward: false }],
  ['E', { kind: 'mark', mark: 'error', backward: true }],
  ['a', { kind: 'mark', mark: 'warning', backward: false }],
  ['A', { kind: 'mark', mark: 'warning', backward: true }],
  ['t', { kind: 'mark', mark: 'failure', backward: false }],
  ['T', { kind: 'mark', mark: 'failure', backward: true }],
  ['w', { kind: 'wrap' }],
  ['s', { kind: 'times' }],
  ['l', { kind: 'numbers' }],
  ['f', { kind: 'filter' }],
  ['r', { kind: 'results' }],
  [':', { kind: 'goTo' }],
  ['?', { kind: 'keys' }],
  ['Enter', { kind: 'open' }],
  ['Escape', { kind: 'leave' }],
]);

const shifted: ReadonlyMap<string, LogCommand> = new Map<string, LogCommand>([
  ['ArrowDown', { kind: 'select', rows: 1, pages: 0 }],
  ['ArrowUp', { kind: 'select', rows: -1, pages: 0 }],
  ['PageDown', { kind: 'select', rows: 0, pages: 1 }],
  ['PageUp', { kind: 'select', rows: 0, pages: -1 }],
  ['Home', { kind: 'selectTo', edge: 'start' }],
  ['End', { kind: 'selectTo', edge: 'end' }],
  ['F3', { kind: 'match', backward: true }],
  [' ', { kind: 'page', pages: -1 }],
]);

/** Work wherever the focus is in the viewer. */
const everywhere: ReadonlySet<LogCommand['kind']> = new Set(['find', 'goTo', 'match']);

const controlled: ReadonlyMap<string, LogCommand> = new Map<string, LogCommand>([
  ['f', { kind: 'find' }],
  ['g', { kind: 'goTo' }],
  ['a', { kind: 'selectAll' }],
  ['c', { kind: 'copy' }],
  ['Home', { kind: 'start' }],
  ['End', { kind: 'end' }],
  ['ArrowDown', { kind: 'scroll', rows: 1 }],
  ['ArrowUp', { kind: 'scroll', rows: -1 }],
]);

const controlledShifted: ReadonlyMap<string, LogCommand> = new Map<string, LogCommand>([
  ['Home', { kind: 'selectTo', edge: 'start' }],
  ['End', { kind: 'selectTo', edge: 'end' }],
]);

const alternate: ReadonlyMap<string, LogCommand> = new Map<string, LogCommand>([['z', { kind: 'wrap' }]]);

/** What a key in the rows means; undefined when it is the browser's or VS Code's. */
export function commandOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Key): LogCommand | undefined {
  if (altKey) {
    return ctrlKey || metaKey || shiftKey ? undefined : alternate.get(key);
  }
  if (ctrlKey || metaKey) {
    return shiftKey ? controlledShifted.get(key) : (controlled.get(key) ?? controlled.get(key.toLowerCase()));
  }
  return (shiftKey ? shifted.get(key) : undefined) ?? plain.get(key);
}

/** What a key means while something other than the rows has the focus. */
export function commandElsewhere(key: Key): LogCommand | undefined {
  const command = key.ctrlKey || key.metaKey || key.key === 'F3' ? commandOf(key) : undefined;
  return command !== undefined && everywhere.has(command.kind) ? command : undefined;
}

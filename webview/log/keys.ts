/** What a key does in the rows of a log: the editor's keys and those of `less`. */
export type LogCommand =
  | { readonly kind: 'move'; readonly rows: number }
  | { readonly kind: 'page'; readonly pages: number }
  | { readonly kind: 'scroll'; readonly rows: number }
  | { readonly kind: 'select'; readonly rows: number }
  | { readonly kind: 'mark'; readonly mark: 'error' | 'failure'; readonly backward: boolean }
  | { readonly kind: 'match'; readonly backward: boolean }
  | {
      readonly kind:
        | 'start'
        | 'end'
        | 'find'
        | 'goTo'
        | 'wrap'
        | 'times'
        | 'filter'
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
  ['Home', { kind: 'start' }],
  ['g', { kind: 'start' }],
  ['End', { kind: 'end' }],
  ['G', { kind: 'end' }],
  ['/', { kind: 'find' }],
  ['n', { kind: 'match', backward: false }],
  ['N', { kind: 'match', backward: true }],
  ['F3', { kind: 'match', backward: false }],
  ['e', { kind: 'mark', mark: 'error', backward: false }],
  ['E', { kind: 'mark', mark: 'error', backward: true }],
  ['t', { kind: 'mark', mark: 'failure', backward: false }],
  ['T', { kind: 'mark', mark: 'failure', backward: true }],
  ['w', { kind: 'wrap' }],
  ['s', { kind: 'times' }],
  ['f', { kind: 'filter' }],
  [':', { kind: 'goTo' }],
  ['?', { kind: 'keys' }],
  ['Enter', { kind: 'open' }],
  ['Escape', { kind: 'leave' }],
]);

const shifted: ReadonlyMap<string, LogCommand> = new Map<string, LogCommand>([
  ['ArrowDown', { kind: 'select', rows: 1 }],
  ['ArrowUp', { kind: 'select', rows: -1 }],
  ['F3', { kind: 'match', backward: true }],
  [' ', { kind: 'page', pages: -1 }],
]);

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

export function commandOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Key): LogCommand | undefined {
  if (altKey) {
    return undefined;
  }
  if (ctrlKey || metaKey) {
    return controlled.get(key);
  }
  return (shiftKey ? shifted.get(key) : undefined) ?? plain.get(key);
}

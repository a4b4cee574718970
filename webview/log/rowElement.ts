import type { StreamId } from '../../src/core/logChunk.ts';
import { formatBytes } from '../../src/core/quantity.ts';
import type { LogRowView } from '../../src/protocol/logView.ts';
import { t } from '../ui/l10n.ts';
import { drawnText } from './drawnText.ts';
import { gapText } from './gapText.ts';
import { type RunTarget, type Stretch, type TextRun, textRuns } from './textRuns.ts';
import { wholeTime } from './times.ts';
import type { WholeLine } from './wholeLine.ts';

export interface RowLook {
  /** What stands in the columns; null: there is no such column. */
  readonly number: string | null;
  readonly time: string | null;
  /** Where the line comes from, told in a column; without one only stderr is told apart, by its look. */
  readonly origin: string | null;
  readonly stream: StreamId | undefined;
  readonly found: (visible: string) => readonly Stretch[];
  readonly whole: WholeLine | undefined;
}

/** One line of the log as an element. Log text becomes text nodes and nothing else. */
export function rowElement(row: LogRowView, look: RowLook): HTMLElement {
  const element = document.createElement('div');
  element.className = 'row';
  element.setAttribute('role', 'listitem');
  if (row.level !== null) {
    element.classList.add(row.level);
  }
  if (look.number !== null) {
    element.append(cell('number', look.number));
  }
  if (look.time !== null) {
    const time = cell('time', look.time);
    time.title = row.time === null ? '' : wholeTime(row.time);
    element.append(time);
  }
  const gap = gapText(row);
  if (gap !== null) {
    element.classList.add('gap');
    element.append(cell('text', gap));
    return element;
  }
  if (look.origin !== null) {
    const origin = cell('stream', look.origin);
    origin.title = look.origin;
    element.append(origin);
  }
  const text = document.createElement('span');
  text.className = look.stream?.name === 'stderr' ? 'text stderr' : 'text';
  if (look.whole === undefined) {
    for (const run of textRuns(row.text, row.links, look.found)) {
      text.append(runNode(run));
    }
  } else {
    text.classList.add('whole');
    appendWhole(text, look.whole, look);
  }
  element.append(text, ...expanders(row, look));
  return element;
}

/** A row that is on its way. */
export function placeholder(): HTMLElement {
  const element = document.createElement('div');
  element.className = 'row loading';
  element.setAttribute('role', 'listitem');
  element.append(cell('text', '\u00a0'));
  return element;
}

/** Beside the text and not in it, so that they stay at the edge of a line that goes on beyond it. */
function expanders({ cutBytes, rewrites }: LogRowView, { whole }: RowLook): readonly HTMLElement[] {
  if (whole !== undefined) {
    return [expander(t('show less'))];
  }
  const updates = rewrites === 1 ? t('⟳ 1 update') : t('⟳ {0} updates', rewrites.toLocaleString());
  return [
    ...(cutBytes > 0 ? [expander(t('… {0} more on this line: show all', formatBytes(cutBytes)))] : []),
    ...(rewrites > 0 ? [expander(updates)] : []),
  ];
}

function appendWhole(text: HTMLElement, whole: WholeLine, look: RowLook): void {
  const { versions, olderVersions, cutBytes, cutAt } = whole;
  if (cutBytes > 0 && cutAt === 'start') {
    text.append(cell('cut', t('… {0} before this: save the log to see it', formatBytes(cutBytes))));
  }
  if (olderVersions > 0) {
    text.append(cell('cut', t('… {0} earlier updates', olderVersions.toLocaleString())));
  }
  for (const version of versions) {
    const line = document.createElement('div');
    for (const run of textRuns(version, [], look.found)) {
      line.append(runNode(run));
    }
    text.append(line);
  }
  if (cutBytes > 0 && cutAt === 'end') {
    text.append(cell('cut', t('… {0} more on this line: save the log to see it', formatBytes(cutBytes))));
  }
}

/** The rows' pane listens for clicks on the class. */
function expander(label: string): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'expand';
  button.textContent = label;
  button.tabIndex = -1;
  return button;
}

function cell(name: string, content: string): HTMLElement {
  const span = document.createElement('span');
  span.className = name;
  span.textContent = content;
  return span;
}

/** Real text, to be selected and copied, in whose place something else is seen. */
function drawn(name: string, content: string, seen: string): HTMLElement {
  const span = cell(`drawn ${name}`, content);
  span.dataset['seen'] = seen;
  return span;
}

function textNodes(text: string): readonly Node[] {
  return drawnText(text).map((piece) =>
    piece.sign === null ? document.createTextNode(piece.text) : drawn('sign', piece.text, piece.sign),
  );
}

/** A folder of another machine, or of the run, is long and says little: the place in it is what matters. */
function placeNodes(text: string, folder: string): readonly Node[] {
  return folder !== '' && text.startsWith(folder)
    ? [drawn('folder', folder, '…/'), ...textNodes(text.slice(folder.length))]
    : textNodes(text);
}

function runNode(run: TextRun): Node {
  const { target } = run;
  const nodes = target?.kind === 'file' ? placeNodes(run.text, target.folder) : textNodes(run.text);
  const [first] = nodes;
  const isPlain = run.classes.length === 0 && run.foreground === null && run.background === null;
  if (isPlain && !run.found && target === null && first !== undefined && nodes.length === 1) {
    return first;
  }
  const span = document.createElement(target === null ? 'span' : 'a');
  span.className = run.classes.join(' ');
  span.append(...nodes);
  span.classList.toggle('found', run.found);
  // Set through the object model, which a content security policy allows where an attribute is refused.
  if (run.foreground !== null) {
    span.style.color = run.foreground;
  }
  if (run.background !== null) {
    span.style.backgroundColor = run.background;
  }
  if (target !== null) {
    span.classList.add('target');
    if (target.kind === 'web') {
      span.dataset['url'] = target.url;
    } else {
      span.dataset['path'] = target.path;
      span.dataset['line'] = String(target.line);
    }
    span.title = target.kind === 'web' ? target.url : placeTitle(target, run.text);
  }
  return span;
}

function placeTitle({ path, line, folder }: Extract<RunTarget, { readonly kind: 'file' }>, printed: string): string {
  const here = `${path}:${line}`;
  return folder === '' ? here : `${here}\n${printed}`;
}

import { formatBytes } from '../../src/core/quantity.ts';
import type { LogLine, LogTailUpdate } from '../../src/core/logView.ts';
import { t } from '../ui/l10n.ts';
import { styledLine } from './ansi.ts';

/** Rows kept on the page; older ones leave at the top. */
const maxRows = 5_000;
/** Closer to the end than this, in px, counts as at the end. */
const nearEnd = 24;

export interface LogStatus {
  readonly text: string;
  readonly kind: LogTailUpdate['status'];
  /** There is nothing to show, not even a gap. */
  readonly empty: boolean;
}

/** The live tail of a log: plain rows, follows the end until the person scrolls up. */
export class LogTail {
  readonly element = document.createElement('div');
  readonly #scroller = document.createElement('div');
  readonly #rows = document.createElement('div');
  readonly #partial = document.createElement('div');
  readonly #newLines = document.createElement('button');
  readonly #status: (status: LogStatus) => void;
  #following = true;
  #unseen = 0;
  #lastTop = 0;

  constructor(status: (status: LogStatus) => void) {
    this.#status = status;
    this.element.className = 'log';
    this.#scroller.className = 'log-scroller';
    this.#scroller.tabIndex = 0;
    this.#scroller.setAttribute('role', 'region');
    this.#scroller.setAttribute('aria-label', t('Log'));
    this.#newLines.type = 'button';
    this.#newLines.className = 'new-lines';
    this.#newLines.hidden = true;
    this.#newLines.addEventListener('click', () => {
      this.follow();
    });
    this.#scroller.append(this.#rows, this.#partial);
    this.element.append(this.#scroller, this.#newLines);
    this.#scroller.addEventListener('scroll', () => {
      this.#onScroll();
    });
    this.#scroller.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  apply(update: LogTailUpdate): void {
    if (update.reset) {
      this.#rows.replaceChildren();
      this.#unseen = 0;
    }
    const fragment = document.createDocumentFragment();
    for (const line of update.lines.slice(-maxRows)) {
      fragment.append(row(line));
    }
    this.#rows.append(fragment);
    this.#partial.replaceChildren(...update.partial.map((line) => row(line)));
    this.#trim();
    if (this.#following) {
      this.#toEnd();
    } else if (!update.reset) {
      this.#unseen += update.lines.length;
    }
    this.#showUnseen();
    const empty = this.#rows.childElementCount + this.#partial.childElementCount === 0;
    this.#status({ text: statusText(update), kind: update.status, empty });
  }

  follow(): void {
    this.#following = true;
    this.#unseen = 0;
    this.#toEnd();
    this.#showUnseen();
  }

  #toEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastTop = this.#scroller.scrollTop;
  }

  /** Only while following: a person who reads above the end must not lose the rows under their eyes. */
  #trim(): void {
    const surplus = this.#rows.childElementCount - maxRows;
    if (surplus > 0 && (this.#following || surplus > maxRows)) {
      const range = document.createRange();
      range.setStart(this.#rows, 0);
      range.setEnd(this.#rows, surplus);
      range.deleteContents();
    }
  }

  #onScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const atEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    if (atEnd) {
      this.#following = true;
      this.#unseen = 0;
    } else if (scrollTop < this.#lastTop) {
      this.#following = false;
    }
    this.#lastTop = scrollTop;
    this.#showUnseen();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'End' || event.key === 'G') {
      event.preventDefault();
      this.follow();
    } else if (event.key === 'Home' || event.key === 'g') {
      event.preventDefault();
      this.#following = false;
      this.#scroller.scrollTop = 0;
    }
  }

  #showUnseen(): void {
    this.#newLines.hidden = this.#following;
    this.#newLines.textContent =
      this.#unseen === 0 ? t('Go to the end') : t('{0} new lines', this.#unseen.toLocaleString());
  }
}

function statusText(update: LogTailUpdate): string {
  const size = formatBytes(update.totalBytes);
  switch (update.status) {
    case 'none':
      return t('no output yet');
    case 'following':
      return t('following · {0}', size);
    case 'complete':
      return t('complete · {0}', size);
    case 'interrupted':
      return t('interrupted · {0}', size);
  }
}

function row(line: LogLine): HTMLElement {
  const element = document.createElement('div');
  element.className = 'row';
  if (line.gap !== null) {
    element.classList.add('gap');
    element.textContent = t('Gap: {0}', line.gap);
    return element;
  }
  const time = document.createElement('span');
  time.className = 'time';
  time.textContent = line.time === null ? '' : new Date(line.time).toLocaleTimeString([], { hour12: false });
  const text = document.createElement('span');
  text.className = line.stream === 'stderr' ? 'text stderr' : 'text';
  if (line.cutStart) {
    text.append('… ');
  }
  for (const part of styledLine(line.text)) {
    text.append(styled(part));
  }
  if (line.cutBytes > 0) {
    const cut = document.createElement('span');
    cut.className = 'cut';
    cut.textContent = t(' … {0} more on this line', formatBytes(line.cutBytes));
    text.append(cut);
  }
  element.append(time, text);
  return element;
}

function styled(part: ReturnType<typeof styledLine>[number]): Node {
  if (part.classes.length === 0 && part.foreground === null && part.background === null) {
    return document.createTextNode(part.text);
  }
  const span = document.createElement('span');
  span.className = part.classes.join(' ');
  span.textContent = part.text;
  // Set through the object model, which a content security policy allows where an attribute is refused.
  if (part.foreground !== null) {
    span.style.color = part.foreground;
  }
  if (part.background !== null) {
    span.style.backgroundColor = part.background;
  }
  return span;
}

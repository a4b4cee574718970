import { type Look, applySgr, lookClasses, lookColor, plainLook } from './sgr.ts';
import { visibleText } from '../../src/core/failure/visibleText.ts';

/** A run of text with one look. */
export interface StyledText {
  readonly text: string;
  /** Class names, empty for plain text. */
  readonly classes: readonly string[];
  /** True colour, as `#rrggbb`; null when the classes say it all. */
  readonly foreground: string | null;
  readonly background: string | null;
  /** Where a terminal hyperlink around the text leads; not to be trusted. */
  readonly url: string | null;
}

/** As `visibleText` has it, with the parts of a colour and of a hyperlink kept. */
const escape =
  /\u001b(?:\[([0-?]{0,64})[ -/]{0,8}([@-~]?)|\]([^\u0007\u001b]{0,4096})(?:\u0007|\u001b\\)?|[ -/]{0,8}[0-Z\\^-~]?)/gu;
/** What follows on a line that changes its look more often is plain. */
const mostRuns = 500;

/**
 * The visible text of one line with its colours (SGR: 16, 256 and true colour). Every other escape sequence is left out; none can
 * become markup, as this returns text and class names only.
 */
export function styledLine(line: string): readonly StyledText[] {
  if (!line.includes('\u001b')) {
    return [run(visibleText(line), plainLook, null)];
  }
  const runs: StyledText[] = [];
  let look = plainLook;
  let url: string | null = null;
  let from = 0;
  const push = (text: string): void => {
    if (text !== '') {
      runs.push(run(text, look, url));
    }
  };
  for (const { index, 0: sequence, 1: parameters = '', 2: final, 3: command } of line.matchAll(escape)) {
    push(line.slice(from, index));
    from = index + sequence.length;
    if (runs.length >= mostRuns) {
      look = plainLook;
      url = null;
      break;
    }
    if (final === 'm') {
      look = applySgr(look, parameters);
    } else if (command?.startsWith('8;') === true) {
      url = command.slice(command.indexOf(';', 2) + 1) || null;
    }
  }
  push(visibleText(line.slice(from)));
  return withoutLineEnd(runs);
}

type Drawn = Pick<StyledText, 'classes' | 'foreground' | 'background'>;

const drawn = new WeakMap<Look, Drawn>();

function run(text: string, look: Look, url: string | null): StyledText {
  let known = drawn.get(look);
  if (known === undefined) {
    known = {
      classes: lookClasses(look),
      foreground: lookColor(look, 'foreground'),
      background: lookColor(look, 'background'),
    };
    drawn.set(look, known);
  }
  return { text, ...known, url };
}

function withoutLineEnd(runs: StyledText[]): readonly StyledText[] {
  for (let last = runs.pop(); last !== undefined; last = runs.pop()) {
    const text = visibleText(last.text);
    if (text !== '') {
      runs.push({ ...last, text });
      break;
    }
  }
  return runs;
}

import type { Frame } from './failure.ts';
import type { PlainLine } from './linePrefix.ts';

/** The lines of which CPython makes a traceback. Every pattern is anchored and linear. */

const FRAME = /^( {0,40})(?:> )?File "([^"]{1,1024})", line (\d{1,9})(?:,? in (.{1,500}))?$/;
const EXCEPTION = /^( {0,40})([A-Za-z_][\w.]{0,200}(?:<locals>\.[\w.]{1,200}){0,3}(?:\([\w.]{1,200}\))?)(?:: ?(.*))?$/;
const SURE =
  /(?:Error|Exception|Warning|Interrupt|Exit|Failure|Failed|Timeout|ExceptionGroup|NotFound|Denied|Expired|Raised)(?:\([\w.]+\))?$/;
const BARE = /(?:^|\.)(?:error|gaierror|herror|timeout|\w+Error|Empty|Full|Stop\w*Iteration|[A-Z]\w*)(?:\([\w.]+\))?$/;
/** `Epoch: 3` and `Error: 0.12` are measurements. */
const NUMBER = /^[-+\d.][\d.e+-]{0,30}%?$/;
const LEVEL_WORD = /^(?:DEBUG|INFO|NOTE|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)$/;

export interface FrameLine {
  readonly frame: Frame;
  readonly indent: number;
}

/** `File "train.py", line 3, in main`, also as faulthandler (no comma) and loguru (an arrow) print it. */
export function frameLine(line: PlainLine): FrameLine | null {
  const found = line.text.includes('File "') ? FRAME.exec(line.text.trimEnd()) : null;
  const [, spaces, path, digits, name] = found ?? [];
  const at = Number(digits);
  if (spaces === undefined || path === undefined || digits === undefined || at === 0) return null;
  const arrow = line.text.startsWith('> ', spaces.length) ? 2 : 0;
  const start = line.column + spaces.length + arrow + 'File "'.length;
  const end = start + path.length + '", line '.length + digits.length;
  const frame = { path, line: at, function: name ?? null, logLine: line.number, start, end };
  return { frame, indent: spaces.length + arrow };
}

export interface ExceptionLine {
  readonly type: string;
  readonly message: string;
  readonly indent: number;
  /** The name says that it is an exception, so that no traceback above it is needed to believe it. */
  readonly sure: boolean;
}

/** `ValueError: too small`, the last line of a traceback. */
export function exceptionLine(text: string): ExceptionLine | null {
  const [, spaces, type, message] = EXCEPTION.exec(text.trimEnd()) ?? [];
  if (spaces === undefined || type === undefined || LEVEL_WORD.test(type)) return null;
  const sure = SURE.test(type);
  if (NUMBER.test(message ?? '') && (type === 'Error' || !sure)) return null;
  return sure || BARE.test(type) ? { type, message: message ?? '', indent: spaces.length, sure } : null;
}

/** Whether a traceback is announced, be it after other text, as a progress bar that was never ended. */
export function isTracebackHeader(text: string): boolean {
  return text.trimEnd().endsWith('Traceback (most recent call last):');
}

/** What CPython and its imitators, and torch.multiprocessing, print between two exceptions of a chain. */
export function isChainSentence(text: string): boolean {
  return (
    text.startsWith('During handling of the above exception, another exception occurred:') ||
    text.startsWith('The above exception was the direct cause of the following exception:') ||
    /^-- Process \d{1,6} terminated with the following error:/.test(text)
  );
}

export const indentOf = (text: string): number => text.length - text.trimStart().length;

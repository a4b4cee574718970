/** What a shell, a scheduler or the interpreter says when a signal ended a process, and the signal's name. */
export const SIGNALS: ReadonlyMap<string, string> = new Map([
  ['Segmentation fault', 'SIGSEGV'],
  ['Bus error', 'SIGBUS'],
  ['Killed', 'SIGKILL'],
  ['Aborted', 'SIGABRT'],
  ['Floating point exception', 'SIGFPE'],
  ['Illegal instruction', 'SIGILL'],
]);

/** The same as a group of a pattern. */
export const SIGNAL_WORDS = `(${[...SIGNALS.keys()].join('|')})`;

/** Signals as Linux numbers them, whatever machine the editor runs on. */
const linuxSignals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

/** A shell or a runtime says "ended by signal n" as 128 + n; null for a plain exit code. */
export function signalOf(exitCode: number): string | null {
  return linuxSignals[exitCode - 128] ?? null;
}

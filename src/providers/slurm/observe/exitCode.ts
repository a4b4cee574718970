import { constants } from 'node:os';

/** How a process ended; both null when it is not known. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

export const unknownEnding: Ending = { exitCode: null, signal: null };

/** A shell says "ended by signal n" as 128 + n. */
export function endingOfStatus(status: number): Ending {
  const signal = signalName(status - 128);
  return signal === null ? { exitCode: status, signal: null } : { exitCode: null, signal };
}

/** Slurm's `code:signal`, as in `3:0` and `0:9`; both may be there. */
export function endingOfPair(text: string): Ending {
  const [, code, number] = /^([0-9]+):([0-9]+)$/u.exec(text.trim()) ?? [];
  if (code === undefined || number === undefined) {
    return unknownEnding;
  }
  return number === '0'
    ? endingOfStatus(Number(code))
    : { exitCode: null, signal: signalName(Number(number)) ?? `signal ${number}` };
}

function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}

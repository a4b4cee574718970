import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'metrics');

/** A log as some program prints it. */
export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A point of `expected`: where no step was printed, the epoch. NaN and infinities are strings. */
export interface ExpectedPoint {
  readonly step: number | null;
  readonly epoch?: number;
  readonly value: number | string;
}

/** Logs of a folder of the corpus. */
export function samples(kind: 'positive' | 'negative'): readonly Sample[] {
  return readdirSync(join(folder, kind))
    .filter((file) => file.endsWith('.txt'))
    .map((file) => ({ name: file.slice(0, -'.txt'.length), bytes: readFileSync(join(folder, kind, file)) }));
}

/** The series that a positive sample holds: name, after `[rank3] ` when one was printed, to points. */
export function expectedSeries({ name }: Sample): Readonly<Record<string, readonly ExpectedPoint[]>> {
  return JSON.parse(readFileSync(join(folder, 'positive', `${name}.json`), 'utf8'));
}

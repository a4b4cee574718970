/** Options of sbatch that would send the job elsewhere, to somebody else or to nobody, or make sbatch do something else than submit. */
export const refusedLong: readonly string[] = [
  ...['wrap', 'clusters', 'cluster', 'uid', 'gid', 'help', 'usage', 'version', 'test-only'],
];

/** Options that Aloft sets itself. */
export const ownLong: readonly string[] = [
  ...['output', 'error', 'open-mode', 'comment', 'parsable', 'quiet', 'verbose', 'wait'],
];

export const guarded: readonly string[] = [...refusedLong, ...ownLong];

/** Options of one letter that are followed by a value. */
export const shortWithValue = 'AabBcCdDeFGiJLmMnNoOpqStwx';

/** Whether the name of a long option is one of those, or the beginning of one: sbatch takes what is shortened as well. */
export function isShortFor(name: string, names: readonly string[]): boolean {
  return names.some((whole) => whole.startsWith(name));
}

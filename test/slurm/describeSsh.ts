import { describe } from 'vitest';

import { sshdMissing } from './sshd.ts';

/** Tests that need a real sshd; skipped, with the reason in their name, where there is none. */
export function describeSsh(name: string, tests: () => void): void {
  if (sshdMissing === null) {
    describe(name, tests);
  } else {
    describe.skip(`${name} (skipped: ${sshdMissing})`, tests);
  }
}

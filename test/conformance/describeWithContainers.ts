import { describe, it } from 'vitest';
import { whyNoContainers } from '../emulators/containers/containerProcess.ts';
import type { ProviderSetup } from './setup.ts';
import { describeProvider } from './suite.ts';

/** The suite for a provider whose emulated jobs run in containers: skipped, with the reason in its name, where there can be none. */
export function describeWithContainers(name: string, setup: ProviderSetup): void {
  const reason = whyNoContainers();
  if (reason === null) {
    describeProvider(name, setup);
  } else {
    describe.skip(`${name} (skipped: ${reason})`, () => {
      it('keeps the contract', () => undefined);
    });
  }
}

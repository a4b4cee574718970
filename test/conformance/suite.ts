import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeAbort } from './abortCases.ts';
import { describeCancel } from './cancelCases.ts';
import { describeDryRun } from './dryRunCases.ts';
import { describeErrors } from './errorCases.ts';
import { Harness } from './harness.ts';
import { describeLogs } from './logCases.ts';
import { describeObserve } from './observeCases.ts';
import { describeOptions } from './optionCases.ts';
import { describeOutputs } from './outputCases.ts';
import { describePlan } from './planCases.ts';
import { describePorts } from './portCases.ts';
import type { ProviderSetup } from './setup.ts';
import { describeShell } from './shellCases.ts';
import { describeSubmit } from './submitCases.ts';

/** What every provider must do, whatever its backend. A provider's own test file calls this once per way to set it up. */
export function describeProvider(name: string, setup: ProviderSetup): void {
  describe(name, () => {
    const harness = new Harness(setup);
    beforeAll(async () => harness.start(), 60_000);
    // A busy machine takes its time to end what a case began.
    afterEach(async () => harness.clean(), 60_000);
    afterAll(async () => harness.stop());

    describePlan(harness);
    describeSubmit(harness);
    describeObserve(harness);
    describeCancel(harness);
    describeLogs(harness);
    describeOutputs(harness);
    describeErrors(harness);
    describeAbort(harness);
    describeDryRun(harness);
    describeOptions(harness);
    describeShell(harness);
    describePorts(harness);

    it('can do what it says, and nothing that it does not', () => {
      const { connection, setup } = harness;
      const { dryRun, shell, portForward } = setup.abilities;
      expect({
        dryRun: connection.dryRun !== undefined,
        shell: connection.openShell !== undefined,
        portForward: connection.forwardPort !== undefined,
      }).toEqual({ dryRun, shell, portForward });
    });

    harness.itWithModule('lets a process end that disposed of its connection', async ({ path, settings }) => {
      const handle = await harness.submit(harness.scenarios.endless.command);
      const program = fileURLToPath(new URL('useAndClose.ts', import.meta.url));
      const child = spawn(process.execPath, [program, path, JSON.stringify(settings), JSON.stringify(handle)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      try {
        const [output, errors, [code]] = await Promise.all([
          text(child.stdout),
          text(child.stderr),
          once(child, 'exit'),
        ]);
        expect({ output, code }, errors).toEqual({ output: 'disposed\n', code: 0 });
      } finally {
        child.kill('SIGKILL');
      }
    });
  });
}

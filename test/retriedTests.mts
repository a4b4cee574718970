import type { Reporter, TestModule } from 'vitest/node';

/** A reporter of vitest that names, at the end of a run, the tests that passed only when they were tried again. */
export class RetriedTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => {
        const [error] = test.result().errors ?? [];
        return test.diagnostic()?.flaky === true
          ? [`  ${module.relativeModuleId} > ${test.fullName}`, `    ${error?.message.split('\n')[0] ?? ''}`]
          : [];
      }),
    );
    if (lines.length > 0) {
      console.log(`\nPassed only when tried again:\n${lines.join('\n')}`);
    }
  }
}

import { runCases } from './runCases.ts';
import './extension.cases.ts';
import './submit.cases.ts';
import './jobs.cases.ts';
import './documents.cases.ts';

/** What VS Code calls in its extension host, with the bundle of this file as `extensionTestsPath`. */
export async function run(): Promise<void> {
  await runCases();
}

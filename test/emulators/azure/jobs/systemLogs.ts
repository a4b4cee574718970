import type { Job } from './job.ts';

const files: Readonly<Record<string, readonly string[]>> = {
  'system_logs/cs_capability/cs-capability.log': ['CS capability started', 'CS capability ready'],
  'system_logs/data_capability/data-capability.log': ['Mounting inputs and outputs', 'Data capability ready'],
  'system_logs/hosttools_capability/hosttools-capability.log': ['Starting the monitors of the machine'],
  'system_logs/lifecycler/execution-wrapper.log': ['Starting the user process', 'Waiting for the user process'],
  'system_logs/lifecycler/lifecycler.log': ['Capabilities: cs, data, hosttools', 'All capabilities are ready'],
  'system_logs/snapshot_capability/snapshot-capability.log': ['Fetching the snapshot', 'Snapshot is there'],
};

/** What Azure's own programs write while they make a machine ready. */
export function writeCapabilityLogs(job: Job): void {
  for (const [path, lines] of Object.entries(files)) {
    const time = new Date().toISOString();
    job.logs.write(path, lines.map((line) => `${time} INFO ${line}\n`).join(''));
  }
}

import type { StreamId } from '../../../core/logChunk.ts';

/** What the user's program prints, by rank where there are several. */
const userLog = /^user_logs\/std_log[a-z_]*?(?:_(?<rank>\d{1,6}))?(?<role>_ps)?\.txt$/u;
/** The same of the older runtime. */
const driverLog = /^azureml-logs\/70_driver_log(?:_(?<rank>\d{1,6}))?\.txt$/u;
const imageBuildLog = /^azureml-logs\/20_image_build_log\.txt$/u;
/** What prepares machines and starts programs, and that of the older runtime, such as `55_azureml-execution-tvmps_<node>_d.txt`. */
const systemLog = /^(?:system_logs\/|azureml-logs\/(?=\d\d_))(?<name>[\w./-]{1,100})\.(?:log|txt)$/u;

export type LogKind = 'user' | 'build' | 'system';

export interface LogStream {
  readonly kind: LogKind;
  readonly stream: StreamId;
}

/** null for a file of a run that is no log of ours: results that the user's program put among them. */
export function logStreamOf(path: string): LogStream | null {
  const own = userLog.exec(path)?.groups ?? driverLog.exec(path)?.groups;
  if (own !== undefined) {
    const name = own['role'] === undefined ? 'stdout' : 'parameterServer';
    return { kind: 'user', stream: { name, task: 0, node: Number(own['rank'] ?? 0) } };
  }
  if (imageBuildLog.test(path)) {
    return { kind: 'build', stream: { name: 'imageBuild', task: 0, node: 0 } };
  }
  const system = systemLog.exec(path)?.groups?.['name'];
  return system === undefined ? null : { kind: 'system', stream: { name: system, task: 0, node: 0 } };
}

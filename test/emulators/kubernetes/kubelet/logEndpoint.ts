import type { ServerResponse } from 'node:http';
import { ApiError, badRequest } from '../api/status.ts';
import { secondsText } from '../clock.ts';
import type { Pod } from '../objects/types.ts';
import type { ContainerRun } from './containerRun.ts';
import { readLog } from './logReader.ts';

export interface LogCall {
  readonly pod: Pod;
  readonly query: URLSearchParams;
  readonly run: (container: string) => ContainerRun | undefined;
  readonly response: ServerResponse;
  /** Ends the answer early, as when the kubelet stops: a clean end of the stream, not an error. */
  readonly signal: AbortSignal;
  readonly endDelayMs: number;
  readonly now: number;
}

/** `GET pods/{name}/log`. */
export async function serveLog(call: LogCall): Promise<void> {
  const { pod, query, response, signal, endDelayMs } = call;
  const since = checkOptions(query, call.now);
  const container = chooseContainer(pod, query.get('container') ?? '');
  const run = call.run(container);
  const isPrevious = isTrue(query.get('previous'));
  const log = isPrevious ? previousLog(pod, container, run) : run?.log;
  if (log === undefined || log === null) {
    throw waiting(pod, container, run);
  }
  response.writeHead(200, { 'cache-control': 'no-cache, private', 'content-type': 'text/plain' });
  response.flushHeaders();
  await readLog(
    log,
    {
      follow: isTrue(query.get('follow')),
      timestamps: isTrue(query.get('timestamps')),
      since,
      tailLines: numberOf(query.get('tailLines')),
      limitBytes: numberOf(query.get('limitBytes')),
    },
    (bytes) => {
      if (!response.destroyed) {
        response.write(bytes);
      }
      return !response.destroyed;
    },
    signal,
    endDelayMs,
  );
  response.end();
}

/** The time that lines may not be before. The server parses `sinceTime` as a time of whole seconds: its fraction is lost. */
function checkOptions(query: URLSearchParams, now: number): string | null {
  const wrong = (field: string, message: string, reason = 'FieldValueInvalid'): ApiError =>
    new ApiError(422, 'Invalid', `PodLogOptions "" is invalid: ${field}: ${message}`, {
      kind: 'PodLogOptions',
      causes: [{ reason, message, field }],
    });
  if (query.has('stream') && query.get('stream') !== 'All') {
    throw wrong('stream', 'Forbidden: may not be specified', 'FieldValueForbidden');
  }
  for (const field of ['tailLines', 'limitBytes', 'sinceSeconds']) {
    const text = query.get(field);
    const least = field === 'tailLines' ? 0 : 1;
    if (text !== null && !/^-?\d+$/u.test(text)) {
      throw badRequest(
        `unable to convert URL parameter "${field}": strconv.ParseInt: parsing "${text}": invalid syntax`,
      );
    }
    if (text !== null && Number(text) < least) {
      throw wrong(field, `Invalid value: ${text}: must be greater than ${least === 0 ? 'or equal to 0' : '0'}`);
    }
  }
  const time = query.get('sinceTime');
  const seconds = query.get('sinceSeconds');
  if (time !== null && seconds !== null) {
    throw wrong(
      'sinceSeconds',
      'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
      'FieldValueForbidden',
    );
  }
  if (time !== null) {
    const parsed = Date.parse(time);
    if (Number.isNaN(parsed)) {
      throw badRequest(`parsing time "${time}" as "2006-01-02T15:04:05Z07:00": cannot parse "${time}" as "2006"`);
    }
    return comparable(secondsText(parsed));
  }
  return seconds === null ? null : comparable(secondsText(now - Number(seconds) * 1000));
}

/** With the fraction that the lines of a log file have, so that texts compare like times. */
function comparable(text: string): string {
  return text.replace('Z', '.000000000Z');
}

/** The container that is asked for, or the only one there is; throws 400. */
export function chooseContainer(pod: Pod, asked: string): string {
  const inits = (pod.spec.initContainers ?? []).map(({ name }) => name);
  const names = pod.spec.containers.map(({ name }) => name);
  const podName = pod.metadata.name;
  if (asked !== '') {
    if (![...names, ...inits].includes(asked)) {
      throw badRequest(`container ${asked} is not valid for pod ${podName}`);
    }
    return asked;
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    return only;
  }
  const rest = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]${rest}`);
}

function previousLog(pod: Pod, container: string, run: ContainerRun | undefined): ContainerRun['log'] {
  // Until its container runs again, the instance that ended last is the previous one.
  const isBetween =
    run !== undefined && !run.isRunning && run.status.restartCount > 0 && run.status.state.waiting !== undefined;
  const log = isBetween ? run.log : run?.previousLog;
  if (log === undefined || log === null) {
    throw badRequest(`previous terminated container "${container}" in pod "${pod.metadata.name}" not found`);
  }
  return log;
}

function waiting(pod: Pod, container: string, run: ContainerRun | undefined): ApiError {
  const name = pod.metadata.name;
  if (pod.spec.nodeName === undefined) {
    return badRequest(`pod ${name} does not have a host assigned`);
  }
  const reason = run?.status.state.waiting?.reason ?? 'ContainerCreating';
  const isImage = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'].includes(reason);
  return badRequest(
    isImage
      ? `container "${container}" in pod "${name}" is waiting to start: ${imageTrouble[reason] ?? reason}`
      : `container "${container}" in pod "${name}" is waiting to start: ${reason}`,
  );
}

/** The kubelet says what the trouble is where the API server would say the reason. */
const imageTrouble: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1';
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}

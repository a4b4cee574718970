import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventText } from '../controllers/eventRecorder.ts';
import { secondsText } from '../clock.ts';
import type { Container, ContainerStatus, Pod, TerminatedState } from '../objects/types.ts';
import { ContainerProcess } from '../../containers/containerProcess.ts';
import { ConfigError, environmentOf, expand, hostnameOf } from './environment.ts';
import { pullImage } from './imagePull.ts';
import type { KubeletContext } from './kubeletContext.ts';
import { LogFile } from './logFile.ts';
import { type Sandbox, SandboxError, prepareSandbox } from '../../containers/sandbox.ts';
import { rootViolation, userOf } from './securityContext.ts';
import { terminationMessage } from './terminationMessage.ts';
import { mountsOf } from './volumes.ts';

export interface ContainerHome {
  readonly folder: string;
  readonly hostsFile: string;
  readonly volumes: ReadonlyMap<string, string>;
  /** Something in the status has changed. */
  readonly onChange: () => void;
  /** The pod is on its way out: nothing is started any more. */
  readonly signal: AbortSignal;
}

/** One container of a pod through all its starts. */
export class ContainerRun {
  readonly container: Container;
  readonly status: ContainerStatus;
  /** Of the instance that runs or ran last, and of the one before. */
  log: LogFile | null = null;
  previousLog: LogFile | null = null;
  process: ContainerProcess | null = null;
  /** Of the instance that runs. */
  environment: Readonly<Record<string, string>> = {};
  readonly #context: KubeletContext;
  readonly #kind: 'initContainers' | 'containers';
  #isPulled = false;
  #endReason: string | null = null;
  #starts = 0;

  constructor(context: KubeletContext, container: Container, kind: 'initContainers' | 'containers', waitsFor: string) {
    this.#context = context;
    this.container = container;
    this.#kind = kind;
    this.status = {
      name: container.name,
      state: { waiting: { reason: waitsFor } },
      lastState: {},
      ready: false,
      started: false,
      restartCount: 0,
      image: container.image ?? '',
      imageID: '',
    };
  }

  get isSidecar(): boolean {
    return this.#kind === 'initContainers' && this.container.restartPolicy === 'Always';
  }

  get terminated(): TerminatedState | undefined {
    return this.status.state.terminated;
  }

  get isRunning(): boolean {
    return this.status.state.running !== undefined;
  }

  /** Gets the image and runs the container to its end; null when the pod goes before that. */
  async runOnce(pod: () => Pod, home: ContainerHome): Promise<TerminatedState | null> {
    try {
      await this.#pull(pod(), home);
      const env = await this.#configure(pod, home);
      return await this.#run(pod(), home, env);
    } catch (error) {
      if (home.signal.aborted) {
        return null;
      }
      throw error;
    }
  }

  /** Waits before a restart, as a container in CrashLoopBackOff does. */
  async backOff(pod: Pod, home: ContainerHome): Promise<void> {
    const ms = Math.min(2 ** this.status.restartCount, 30) * this.#context.timing.restartBackOff;
    const { name, image } = this.container;
    if (this.status.restartCount > 0) {
      const ended = this.terminated;
      this.status.lastState = ended === undefined ? {} : { terminated: ended };
      const text = `back-off ${Math.round(ms / 1000)}s restarting failed container=${name} pod=${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`;
      this.status.state = { waiting: { reason: 'CrashLoopBackOff', message: text } };
      this.#say(pod, {
        type: 'Warning',
        reason: 'BackOff',
        message: `Back-off restarting failed container ${name} in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})`,
      });
      home.onChange();
      await delay(ms, undefined, { signal: home.signal }).catch(() => undefined);
    }
    this.#isPulled = image === undefined;
  }

  /** Asks it to end, and ends it after that many ms. */
  async stop(pod: Pod, graceMs: number): Promise<void> {
    const { process } = this;
    if (process === null) {
      return;
    }
    // One that is just being started is ended when it has.
    await process.started;
    if (!this.isRunning) {
      return;
    }
    this.#say(pod, { type: 'Normal', reason: 'Killing', message: `Stopping container ${this.container.name}` });
    process.kill('SIGTERM');
    const kill = setTimeout(() => process.kill('SIGKILL'), graceMs);
    await process.exited;
    clearTimeout(kill);
  }

  /** Ends it as the kernel does that runs out of memory. */
  killForMemory(): void {
    this.#endReason = 'OOMKilled';
    this.process?.kill('SIGKILL');
  }

  async #pull(pod: Pod, home: ContainerHome): Promise<void> {
    const { image = '', imagePullPolicy = 'IfNotPresent' } = this.container;
    if (this.#isPulled && imagePullPolicy !== 'Always') {
      return;
    }
    const { images, timing } = this.#context;
    await pullImage({
      image,
      policy: imagePullPolicy,
      pullSecrets: (pod.spec.imagePullSecrets ?? []).map(({ name }) => name ?? ''),
      images,
      timing,
      signal: home.signal,
      wait: (reason, message) => this.#wait(reason, message, home),
      say: (type, reason, message) => this.#say(pod, { type, reason, message }),
    });
    this.#isPulled = true;
  }

  async #configure(pod: () => Pod, home: ContainerHome): Promise<Record<string, string>> {
    const { store, timing, apiPort } = this.#context;
    for (;;) {
      try {
        const violation = rootViolation(pod(), this.container);
        if (violation !== null) {
          throw new ConfigError(violation);
        }
        return environmentOf(pod(), this.container, store, '127.0.0.1', apiPort());
      } catch (error) {
        if (!(error instanceof ConfigError)) {
          throw error;
        }
        this.#wait('CreateContainerConfigError', error.message, home);
        this.#say(pod(), { type: 'Warning', reason: 'Failed', message: `Error: ${error.message}` });
        await delay(timing.imageBackOff, undefined, { signal: home.signal });
      }
    }
  }

  async #run(pod: Pod, home: ContainerHome, env: Record<string, string>): Promise<TerminatedState> {
    const { clock, rotateBytes } = this.#context;
    const { name } = this.container;
    home.signal.throwIfAborted();
    const log = new LogFile(join(home.folder, 'logs', name, `${this.#starts}.log`), clock, rotateBytes());
    this.previousLog = this.log;
    this.log = log;
    this.#starts += 1;
    this.#endReason = null;
    const argv = [...(this.container.command ?? []), ...(this.container.args ?? [])].map((word) => expand(word, env));
    const messageFile = join(home.folder, 'messages', `${name}-${this.#starts}`);
    mkdirSync(join(home.folder, 'messages'), { recursive: true });
    writeFileSync(messageFile, '');
    chmodSync(messageFile, 0o666);
    const sandbox: Sandbox = {
      root: join(home.folder, 'root', name),
      hostname: hostnameOf(pod),
      hostsFile: home.hostsFile,
      mounts: [
        ...mountsOf(this.container, home.volumes, pod),
        {
          source: messageFile,
          isFile: true,
          mount: { mountPath: this.container.terminationMessagePath ?? '/dev/termination-log' },
        },
      ],
      workingDir: this.container.workingDir ?? '/',
      user: userOf(pod, this.container),
    };
    const containerID = `containerd://${randomBytes(32).toString('hex')}`;
    this.status.containerID = containerID;
    this.status.imageID = `${this.container.image ?? ''}@sha256:${'0'.repeat(64)}`;
    this.environment = env;
    const process = start(sandbox, argv, env, log);
    if (process instanceof SandboxError) {
      log.end();
      return this.#failedToStart(pod, process.message, containerID, home);
    }
    this.process = process;
    const problem = await process.started;
    if (problem !== null) {
      await process.exited;
      log.end();
      return this.#failedToStart(pod, problem, containerID, home);
    }
    const startedAt = clock.seconds();
    this.#say(pod, { type: 'Normal', reason: 'Created', message: `Created container: ${name}` });
    this.#say(pod, { type: 'Normal', reason: 'Started', message: `Started container ${name}` });
    this.status.state = { running: { startedAt } };
    this.status.ready = this.#kind === 'containers' || this.isSidecar;
    this.status.started = true;
    home.onChange();
    const { exitCode } = await process.exited;
    log.end();
    const reason = this.#endReason ?? (exitCode === 0 ? 'Completed' : 'Error');
    const message = terminationMessage(messageFile, this.container, log.path, exitCode);
    const finishedAt = secondsText(clock.now());
    return this.#ended(
      { exitCode, reason, ...(message === '' ? {} : { message }), startedAt, finishedAt, containerID },
      home,
    );
  }

  #failedToStart(pod: Pod, problem: string, containerID: string, home: ContainerHome): TerminatedState {
    const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ${problem}: unknown`;
    this.#say(pod, { type: 'Warning', reason: 'Failed', message: `Error: ${message}` });
    return this.#ended(
      {
        exitCode: 128,
        reason: 'StartError',
        message,
        startedAt: '1970-01-01T00:00:00Z',
        finishedAt: this.#context.clock.seconds(),
        containerID,
      },
      home,
    );
  }

  #ended(terminated: TerminatedState, home: ContainerHome): TerminatedState {
    this.status.state = { terminated };
    // An init container that did its work is ready; nothing else is that has ended.
    this.status.ready = this.#kind === 'initContainers' && terminated.exitCode === 0;
    this.status.started = false;
    home.onChange();
    return terminated;
  }

  #wait(reason: string, message: string, home: ContainerHome): void {
    this.status.state = { waiting: { reason, message } };
    home.onChange();
  }

  #say(pod: Pod, event: EventText): void {
    this.#context.say(pod, { ...event, fieldPath: `spec.${this.#kind}{${this.container.name}}` });
  }
}

/** Starts a container, or says why its file system cannot be made. */
function start(
  sandbox: Sandbox,
  argv: readonly string[],
  env: Record<string, string>,
  log: LogFile,
): ContainerProcess | SandboxError {
  try {
    const setupScript = prepareSandbox(sandbox);
    const command = { setupScript, argv: argv.length === 0 ? ['true'] : argv, env };
    return new ContainerProcess(command, (stream, chunk) =>
      chunk === null ? log.flush(stream) : log.write(stream, chunk),
    );
  } catch (error) {
    return error instanceof SandboxError ? error : new SandboxError(String(error));
  }
}

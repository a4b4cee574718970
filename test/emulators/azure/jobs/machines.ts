import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerProcess } from '../../containers/containerProcess.ts';
import { type Mount, prepareSandbox } from '../../containers/sandbox.ts';
import { textOf } from '../route.ts';
import { artifactContainer, artifactPrefix } from '../world.ts';
import { type Binding, bindingsOf, expandCommand } from './expand.ts';
import type { Job } from './job.ts';
import { DataError, downloadFile, downloadFolder, placeOf, uploadFolder } from './jobData.ts';
import { type Rank, environmentOf } from './processEnvironment.ts';

const workingDir = '/mnt/azureml/cr/exe/wd';

/** Keeps what a job prints last for its error. */
const tailBytes = 2000;

export interface ProcessEnd {
  readonly exitCode: number;
  readonly log: string;
  readonly tail: string;
}

/** What a user's program sees around it: not the first process of its container, and told when it has to end. */
const supervisor = [
  "trap 'kill -TERM $child 2>/dev/null' TERM",
  '/bin/bash -c "$1" 2>&1 &',
  'child=$!',
  'wait $child; code=$?',
  'while kill -0 $child 2>/dev/null; do wait $child; code=$?; done',
  'exit $code',
].join('\n');

/** The machines of one try of a job, each a folder of this machine. */
export class Machines {
  readonly #job: Job;
  readonly #folder: string;
  readonly #bindings: readonly Binding[];
  readonly #processes: ContainerProcess[] = [];

  constructor(job: Job, tryNumber: number) {
    this.#job = job;
    this.#folder = join(job.world.folder, 'jobs', job.name, String(tryNumber));
    this.#bindings = bindingsOf(job.name, job.properties);
  }

  /** Brings code and inputs. Rejects with a DataError where something of it is not there. */
  async prepare(): Promise<void> {
    const { world, workspace, properties, instanceCount } = this.#job;
    for (let node = 0; node < instanceCount; node += 1) {
      mkdirSync(this.#workingFolder(node), { recursive: true });
      const code = codeUri(this.#job);
      if (code !== null) {
        await downloadFolder(world.storage, placeOf(code, workspace, world.storage), this.#workingFolder(node));
      } else if (textOf(properties['codeId']) !== '') {
        throw new DataError(`Could not find code asset: ${textOf(properties['codeId'])}`);
      }
      for (const binding of this.#bindings) {
        await this.#bring(binding, node);
      }
    }
  }

  async #bring({ direction, name, uri, isFile, isWritten }: Binding, node: number): Promise<void> {
    const { world, workspace } = this.#job;
    const target = this.#dataFolder(node, direction, name);
    if (uri === '') {
      return;
    }
    if (direction === 'outputs') {
      mkdirSync(target, { recursive: true });
      return;
    }
    const place = placeOf(uri, workspace, world.storage);
    const isThere = isFile
      ? await downloadFile(world.storage, place, target)
      : (await downloadFolder(world.storage, place, target)) > 0 || isWritten;
    if (!isThere) {
      throw new DataError(
        `data-capability.UriMountSession.PyFuseError({"NonCompliant":"DataAccessError(NotFound)"}) ${name}: ${uri}`,
      );
    }
  }

  /** Runs the command in every process that the request asks for; resolves with how they ended, the first failure first. */
  async run(): Promise<readonly ProcessEnd[]> {
    const perNode = this.#job.processesEach ?? 1;
    const worldSize = perNode * this.#job.instanceCount;
    const port = await freePort();
    const ends = Array.from({ length: worldSize }, async (_, rank) =>
      this.#runProcess({ rank, node: Math.floor(rank / perNode), localRank: rank % perNode, perNode, worldSize }, port),
    );
    const failed = ends.map(async (end) => {
      const { exitCode } = await end;
      if (exitCode !== 0) {
        // The others wait for one that will not come.
        await this.end('SIGTERM');
      }
    });
    await Promise.all(failed);
    return Promise.all(ends);
  }

  async #runProcess(where: Rank, masterPort: number): Promise<ProcessEnd> {
    const { logs, properties } = this.#job;
    const isOne = where.worldSize === 1;
    const log = isOne
      ? 'user_logs/std_log.txt'
      : `user_logs/std_log_process_${String(where.rank).padStart(2, '0')}.txt`;
    const hostsFile = join(this.#folder, 'hosts');
    writeFileSync(hostsFile, '127.0.0.1\tlocalhost\n::1\tlocalhost\n');
    const setupScript = prepareSandbox({
      root: join(this.#folder, `rank${where.rank}`),
      hostname: `vm${where.node}`,
      hostsFile,
      mounts: this.#mounts(where.node),
      workingDir,
      user: null,
    });
    const command = expandCommand(textOf(properties['command']), this.#bindings);
    let tail = '';
    const process = new ContainerProcess(
      {
        setupScript,
        argv: ['/bin/sh', '-c', supervisor, 'supervisor', command],
        env: environmentOf(this.#job, where, masterPort),
      },
      (_, chunk) => {
        if (chunk !== null) {
          tail = (tail + chunk.toString()).slice(-tailBytes);
          logs.write(log, chunk);
        }
      },
    );
    // The file is there as soon as the program is.
    logs.write(log, '');
    this.#processes.push(process);
    const { exitCode } = await process.exited;
    return { exitCode, log, tail };
  }

  #mounts(node: number): Mount[] {
    const mount = (source: string, mountPath: string, isFile: boolean, readOnly: boolean): Mount => ({
      source,
      isFile,
      mount: { mountPath, readOnly },
    });
    return [
      mount(this.#workingFolder(node), workingDir, false, false),
      ...this.#bindings
        .filter(({ uri, value }) => uri !== '' && value !== uri)
        .map(({ direction, name, value, isFile, isWritten }) =>
          mount(this.#dataFolder(node, direction, name), value, isFile && direction === 'inputs', !isWritten),
        ),
    ];
  }

  /** Asks the programs to end, and ends them after a while. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = [...this.#processes];
    running.forEach((process) => process.kill(signal));
    const stop = new AbortController();
    const kill = async (): Promise<void> => {
      await delay(this.#job.world.timing.grace, undefined, { signal: stop.signal }).catch(() => undefined);
      running.forEach((process) => process.kill('SIGKILL'));
    };
    const ended = Promise.all(running.map(async (process) => process.exited));
    await Promise.race([ended, kill()]);
    stop.abort();
    await ended;
  }

  /** Stores what the programs left in `./outputs`, `./logs` and the outputs of the request. */
  async collect(): Promise<void> {
    const { world, workspace, name, instanceCount } = this.#job;
    for (let node = 0; node < instanceCount; node += 1) {
      for (const folder of ['outputs', 'logs']) {
        await uploadFolder(world.storage, join(this.#workingFolder(node), folder), {
          container: artifactContainer,
          path: `${artifactPrefix(name)}/${folder}`,
        });
      }
      for (const binding of this.#bindings.filter(({ isWritten, uri, value }) => isWritten && uri !== value)) {
        const place = placeOf(binding.uri, workspace, world.storage);
        await uploadFolder(world.storage, this.#dataFolder(node, binding.direction, binding.name), place);
      }
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #workingFolder(node: number): string {
    return join(this.#folder, `node${node}`, 'wd');
  }

  #dataFolder(node: number, direction: string, name: string): string {
    return join(this.#folder, `node${node}`, direction, name);
  }
}

function codeUri({ workspace, properties }: Job): string | null {
  const found = /\/codes\/([^/]+)\/versions\/([^/]+)$/iu.exec(textOf(properties['codeId']));
  const asset = workspace.codes.get(`${found?.[1] ?? ''}/${found?.[2] ?? ''}`);
  return asset === undefined ? null : textOf(asset.properties['codeUri']);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 6105;
}

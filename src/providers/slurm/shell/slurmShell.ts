import type { Finished, ShellScript, SlurmHost } from '../host.ts';
import type { SlurmSettings } from '../settings.ts';
import { findLoginEnvironment, type LoginEnvironment } from './loginEnvironment.ts';
import { explainFailure } from './slurmFailure.ts';

/** Runs scripts where Slurm's commands are, with `$root` set to the folder for runs. */
export class SlurmShell {
  readonly host: SlurmHost;
  readonly #settings: SlurmSettings;
  #environment: LoginEnvironment | undefined;

  constructor(host: SlurmHost, settings: SlurmSettings) {
    this.host = host;
    this.#settings = settings;
  }

  /** The folder for runs, absolute. */
  async root(signal: AbortSignal): Promise<string> {
    return (await this.#found(signal)).root;
  }

  /** What the script prints. Rejects with what its stderr means when it fails. */
  async run(script: ShellScript, signal: AbortSignal): Promise<string> {
    const { exitCode, stdout, stderr } = await this.finish(script, signal);
    if (exitCode !== 0) {
      throw explainFailure(stderr, exitCode);
    }
    return stdout;
  }

  /** The same for scripts whose exit code is an answer. */
  async finish(script: ShellScript, signal: AbortSignal): Promise<Finished> {
    return this.host.run(await this.prepared(script, signal), signal);
  }

  async *stream(script: ShellScript, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    yield* this.host.stream(await this.prepared(script, signal), signal);
  }

  /** The script as any shell of the host can run it. */
  async prepared(script: ShellScript, signal: AbortSignal): Promise<ShellScript> {
    const { root, preamble } = await this.#found(signal);
    const { text, args = [] } = script;
    return { ...script, text: `root=$1; shift\n${preamble}\n${text}`, args: [root, ...args] };
  }

  /** Several may ask at once; an answer holds for as long as the connection. */
  async #found(signal: AbortSignal): Promise<LoginEnvironment> {
    this.#environment ??= await findLoginEnvironment(this.host, this.#settings, signal);
    return this.#environment;
  }
}

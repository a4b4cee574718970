import { Emitter, type Event } from '../../core/event.ts';
import type { RunId } from '../../core/job.ts';
import type { AttemptMember, ForwardedPort } from '../../core/provider.ts';

export interface WantedForward {
  readonly runId: RunId;
  readonly member: AttemptMember;
  readonly remotePort: number;
  /** For people: `6006`, `6006 of node 1`. */
  readonly label: string;
}

export interface OpenForward extends WantedForward {
  readonly id: string;
  readonly localPort: number;
  /** Where it is reached from the person's own machine: `http://127.0.0.1:6006`. */
  readonly address: string;
}

/** One that ended by itself. */
export interface LostForward {
  readonly forward: OpenForward;
  /** In a sentence. */
  readonly reason: string;
}

export interface PortForwardsDeps {
  readonly open: (wanted: WantedForward, signal: AbortSignal) => Promise<ForwardedPort>;
  /** The address of a port of this machine as the person's own machine reaches it. */
  readonly addressOf: (localPort: number) => Promise<string>;
}

/** The ports of jobs that can be reached from here, until they are stopped or the window closes. */
export class PortForwards {
  readonly #deps: PortForwardsDeps;
  readonly #changed = new Emitter<RunId>();
  readonly #lost = new Emitter<LostForward>();
  readonly #open = new Map<string, { readonly forward: OpenForward; readonly port: ForwardedPort }>();
  /** A second wish for the same port while the first is under way gets the same answer. */
  readonly #opening = new Map<string, Promise<OpenForward>>();

  constructor(deps: PortForwardsDeps) {
    this.#deps = deps;
  }

  get onDidChange(): Event<RunId> {
    return this.#changed.event;
  }

  get onDidLose(): Event<LostForward> {
    return this.#lost.event;
  }

  of(runId: RunId): readonly OpenForward[] {
    return [...this.#open.values()].flatMap(({ forward }) => (forward.runId === runId ? [forward] : []));
  }

  get(id: string): OpenForward | undefined {
    return this.#open.get(id)?.forward;
  }

  /** Opens it, or finds it open already. The signal counts only until then. */
  async open(wanted: WantedForward, signal: AbortSignal): Promise<OpenForward> {
    const { runId, member, remotePort } = wanted;
    const id = `${runId}/${member.task}/${member.node}/${remotePort}`;
    const known = this.#open.get(id)?.forward ?? this.#opening.get(id);
    if (known !== undefined) {
      return await known;
    }
    const opening = this.#begin(id, wanted, signal).finally(() => {
      this.#opening.delete(id);
    });
    this.#opening.set(id, opening);
    return await opening;
  }

  async #begin(id: string, wanted: WantedForward, signal: AbortSignal): Promise<OpenForward> {
    const life = new AbortController();
    const abort = (): void => {
      life.abort(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      const port = await this.#deps.open(wanted, life.signal);
      const address = await this.#deps.addressOf(port.localPort);
      signal.throwIfAborted();
      const forward: OpenForward = { ...wanted, id, localPort: port.localPort, address };
      this.#open.set(id, { forward, port });
      void port.closed.then((reason) => {
        this.#closed(forward, reason);
      });
      this.#changed.fire(wanted.runId);
      return forward;
    } catch (error) {
      life.abort(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  stop(id: string): void {
    this.#open.get(id)?.port.close();
  }

  #closed(forward: OpenForward, reason: string | null): void {
    this.#open.delete(forward.id);
    this.#changed.fire(forward.runId);
    if (reason !== null) {
      this.#lost.fire({ forward, reason });
    }
  }

  dispose(): void {
    this.#changed.dispose();
    this.#lost.dispose();
    for (const { port } of this.#open.values()) {
      port.close();
    }
  }
}

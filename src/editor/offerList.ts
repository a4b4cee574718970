import { accelerators } from '../core/accelerator.ts';
import type { Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { AcceleratorChoice, ConnectionChoice } from '../protocol/submitForm.ts';
import { acceleratorChoices } from './acceleratorChoices.ts';
import { errorSentence } from './errorSentence.ts';

export interface OfferListDeps {
  readonly engine: () => Promise<Pick<Engine, 'connections' | 'offers'>>;
  readonly logger: Logger;
  readonly changed: () => void;
}

/** What the form's connections can give, as they last said. */
export class OfferList {
  readonly #deps: OfferListDeps;
  #connections: readonly ConnectionChoice[] = [];
  #accelerators: readonly AcceleratorChoice[] | null = null;
  #problem: string | null = null;
  #asking: AbortController | undefined;

  constructor(deps: OfferListDeps) {
    this.#deps = deps;
  }

  get connections(): readonly ConnectionChoice[] {
    return this.#connections;
  }

  /** null until the first answer. */
  get accelerators(): readonly AcceleratorChoice[] | null {
    return this.#accelerators;
  }

  /** Which connections did not answer, and why. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Asks again; an answer to an earlier question that comes late does not count. Never rejects. */
  async refresh(): Promise<void> {
    this.#asking?.abort(new DOMException('superseded', 'AbortError'));
    const { signal } = (this.#asking = new AbortController());
    try {
      const engine = await this.#deps.engine();
      const connections = engine.connections.list();
      const { offers, problems } = await engine.offers(signal);
      if (signal.aborted) {
        return;
      }
      this.#connections = connections.map(({ id, label, providerId, abilities }) => ({
        id,
        label,
        providerId,
        spot: abilities.spot,
        multiNode: abilities.multiNode,
        containerImage: abilities.containerImage,
        regions: abilities.regions,
      }));
      const labels = new Map<string, string>(connections.map(({ id, label }) => [id, label]));
      this.#accelerators = acceleratorChoices(offers, (id) => labels.get(id) ?? id, accelerators);
      this.#problem = problems.length === 0 ? null : problems.join(' ');
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      this.#deps.logger.error('offers failed', error);
      this.#accelerators ??= [];
      this.#problem = errorSentence(error);
    }
    this.#deps.changed();
  }

  dispose(): void {
    this.#asking?.abort(new DOMException('disposed', 'AbortError'));
  }
}

import { Emitter } from '../../core/event.ts';
import type { ConnectionId, EpochMs } from '../../core/job.ts';
import type { Offer } from '../../core/offer.ts';
import type { Clock } from '../../core/ports.ts';
import type { Connections } from '../../engine/connections.ts';
import type { AcceleratorChoice, ConnectionChoice, SilentPlace } from '../../protocol/submitForm.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';
import { acceleratorChoices } from './acceleratorChoices.ts';
import { type ConnectionHealth, problemWord } from './connectionHealth.ts';
import { formatAge, writeDuration } from '../../core/quantity.ts';

/** Where jobs can run, as the New Job form shows it. */
export interface FormPlaces {
  readonly connections: readonly ConnectionChoice[];
  /** null until somebody answered. */
  readonly accelerators: readonly AcceleratorChoice[] | null;
  /** Those whose offers are missing or old. */
  readonly silent: readonly SilentPlace[];
}

const longestReason = 160;

/** What all connections can give; grows as they answer, and waits for none of them. */
export class Places {
  readonly #connections: Connections;
  readonly #health: ConnectionHealth;
  readonly #clock: Clock;
  readonly #changed = new Emitter<void>();
  readonly #subscription: { dispose(): void };

  readonly onDidChange = this.#changed.event;

  constructor(connections: Connections, health: ConnectionHealth, clock: Clock) {
    this.#connections = connections;
    this.#health = health;
    this.#clock = clock;
    this.#subscription = health.onDidChange(() => {
      this.#changed.fire();
    });
  }

  now(): FormPlaces {
    const infos = this.#connections.list();
    const known = infos.map(({ id }) => this.#health.of(id));
    const offers = known.flatMap(({ offers: theirs, problem, answeredAt }) =>
      problem === null || answeredAt === null ? theirs : theirs.map((offer) => this.#lastKnown(offer, answeredAt)),
    );
    const labels = new Map<string, string>(infos.map(({ id, label }) => [id, label]));
    const isAnswered = known.some(({ answeredAt, problem }) => answeredAt !== null || problem !== null);
    return {
      connections: infos.map(({ id, label, providerId, abilities }) => ({
        id,
        label,
        providerId,
        spot: abilities.spot,
        multiNode: abilities.multiNode,
        containerImage: abilities.containerImage,
        regions: abilities.regions,
        usualWait: abilities.usualWaitMs === undefined ? null : writeDuration(abilities.usualWaitMs),
      })),
      accelerators: isAnswered ? acceleratorChoices(offers, (id) => labels.get(id) ?? id) : null,
      silent: infos.flatMap(({ id, label }): readonly SilentPlace[] => {
        const { problem, answeredAt, isAsking } = this.#health.of(id);
        if (problem !== null) {
          const reason = oneLine(problem.message, longestReason);
          return [{ connection: id, label, isAsking, word: problemWord(problem) || reason, reason }];
        }
        return answeredAt === null ? [{ connection: id, label, isAsking: true, word: t('asking…'), reason: null }] : [];
      }),
    };
  }

  label(id: string): string {
    return this.#connections.label(id as ConnectionId);
  }

  setLooking(looker: object, isLooking: boolean): void {
    this.#health.setLooking(looker, isLooking);
  }

  async refresh(): Promise<void> {
    await this.#health.refresh();
  }

  #lastKnown(offer: Offer, answeredAt: EpochMs): Offer {
    const age = formatAge(Math.max(0, this.#clock.now() - answeredAt));
    return { ...offer, likelihood: 'unknown', freeNow: null, note: t('last known {0}', age) };
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

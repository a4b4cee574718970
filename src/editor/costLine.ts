import { affordableMs, mayGetLarger, nodePrice } from '../core/costLimit.ts';
import type { JobSpec } from '../core/jobSpec.ts';
import { writeDuration } from '../core/quantity.ts';
import type { AcceleratorChoice } from '../protocol/submitForm.ts';
import { t } from './l10n.ts';

const hour = 3_600_000;

/**
 * What a job would cost where it may run, and how its limits keep that: "$24.80/h for 2 nodes, at most $297.60 in 12h".
 * `connection`: the one that was chosen, empty for any. null: it costs nothing, or nobody says what.
 */
export function costLine(spec: JobSpec, connection: string, choices: readonly AcceleratorChoice[]): string | null {
  const prices = pricesOf(spec, connection, choices);
  const known = prices.filter((price) => price !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const { costUsd, durationMs } = spec.limits;
  if (known.length === 0 || high === 0) {
    return prices.length > 0 && known.length === 0 && costUsd !== null
      ? t('No price is known here, so {0} cannot be kept. Limit the time instead.', dollars(costUsd))
      : null;
  }
  const rate = low === high ? t('{0}/h', dollars(low)) : t('{0} to {1}/h', dollars(low), dollars(high));
  const whole = spec.nodes === 1 ? rate : t('{0} for {1} nodes', rate, spec.nodes);
  const affordable = costUsd === null ? null : affordableMs(costUsd, high);
  if (costUsd !== null && affordable !== null && (durationMs === null || affordable < durationMs)) {
    return low === high
      ? t('{0}, stopped after {1} to cost at most {2}', whole, writeDuration(affordable), dollars(costUsd))
      : t('{0}, stopped before it costs more than {1}', whole, dollars(costUsd));
  }
  return durationMs === null || known.length < prices.length
    ? whole
    : t('{0}, at most {1} in {2}', whole, dollars((high * durationMs) / hour), writeDuration(durationMs));
}

/** For all nodes, in US dollars an hour, of each place that the job may get; null where it is not known. */
function pricesOf(
  spec: JobSpec,
  connection: string,
  choices: readonly AcceleratorChoice[],
): readonly (number | null)[] {
  const { accelerator, nodes, region } = spec;
  const isLarger = mayGetLarger(spec);
  const choice = choices.find(
    ({ name, count }) => name === (accelerator?.name ?? '') && count === (accelerator?.count ?? 0),
  );
  return (choice?.places ?? [])
    .filter(
      (place) => (connection === '' || place.connection === connection) && (region === null || place.region === region),
    )
    .map(({ usdPerHour, spotUsdPerHour }) => nodePrice(spec, usdPerHour, spotUsdPerHour))
    .map((price) => (price === null || (price > 0 && isLarger) ? null : price * nodes));
}

/** "$400", "$24.80". */
function dollars(amount: number): string {
  return `$${amount.toFixed(2).replace(/\.00$/u, '')}`;
}

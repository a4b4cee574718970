import type { Candidate } from './lineReading.ts';
import { isPrintedNumber } from './printedNumber.ts';

/** Rows of the tables that Stable-Baselines3 prints, which no other table is likely to have. */
const known = new Set(
  `ep_len_mean ep_rew_mean success_rate fps approx_kl clip_fraction entropy_loss explained_variance learning_rate loss n_updates
  policy_gradient_loss value_loss std ent_coef ent_coef_loss actor_loss critic_loss policy_loss exploration_rate
  policy_objective kl_divergence_loss`.split(/\s+/u),
);
const row = /^[ \t]*\|[ \t]+(?<name>[a-z_]+)[ \t]+\|[ \t]*(?<value>[^ \t|]+)[ \t]*\|[ \t]*$/du;

/** Reads `|    ep_rew_mean          | 22.3     |`. */
export function readTableRow(text: string): Candidate | undefined {
  const found = row.exec(text);
  const { name = '', value = '' } = found?.groups ?? {};
  const [start, end] = found?.indices?.groups?.['value'] ?? [];
  if (!known.has(name) || !isPrintedNumber(value) || start === undefined || end === undefined) {
    return undefined;
  }
  return { name, kind: 'metric', span: { start, end }, power: 0, inverse: false, separated: true, tight: false };
}

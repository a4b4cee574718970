import type { EpochMs } from '../../core/job.ts';
import { formatAge } from '../../core/quantity.ts';
import type { Identity } from '../../core/provider.ts';
import type { ConnectionInfo } from '../../engine/connections.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';
import { askEvery, type Health, problemWord } from './connectionHealth.ts';
import { stockSentence } from './freeAccelerators.ts';
import type { BrokenConnection } from './savedConnections.ts';

/** A connection as one sentence in the Providers view. */
export interface ConnectionRow {
  readonly label: string;
  readonly description: string;
  /** Codicon id. */
  readonly icon: string;
  /** Theme colour id; null: that of icons. */
  readonly color: string | null;
  /** Facts that menus match, such as `connection added signIn`. */
  readonly contextValue: string;
  /** What a screen reader says: name and health first. */
  readonly accessibleLabel: string;
}

/** A sign-in that ends within this time is told of, in ms. */
export const warnBefore = 30 * 60_000;
const longest = 160;

interface Look {
  readonly icon: string;
  readonly color: string | null;
  readonly word: string;
}

export function connectionRow(info: ConnectionInfo, health: Health, now: EpochMs): ConnectionRow {
  const { label } = info;
  const look = lookOf(health, now);
  const description = parts(health, now)
    .filter((part) => part !== '')
    .join(' · ');
  const maySignIn = health.problem?.tag === 'auth' || endsSoon(health.identity, now);
  return {
    label,
    description,
    icon: look.icon,
    color: look.color,
    contextValue: ['connection', info.id === 'local' ? 'builtIn' : 'added', ...(maySignIn ? ['signIn'] : [])].join(' '),
    accessibleLabel: [label, look.word, description].filter((part) => part !== '').join(', '),
  };
}

export function brokenRow({ label, reason }: BrokenConnection): ConnectionRow {
  return {
    label,
    description: reason,
    icon: 'error',
    color: 'charts.red',
    contextValue: 'connection broken',
    accessibleLabel: t('{0}, badly set up, {1}', label, reason),
  };
}

function lookOf({ problem, isAsking, answeredAt, identity }: Health, now: EpochMs): Look {
  if (problem !== null) {
    return { icon: 'error', color: 'charts.red', word: t('problem') };
  }
  if (answeredAt === null) {
    return isAsking
      ? { icon: 'loading~spin', color: null, word: t('asking') }
      : { icon: 'circle-outline', color: null, word: t('not asked yet') };
  }
  return endsSoon(identity, now)
    ? { icon: 'warning', color: 'charts.yellow', word: t('signed in, not for long') }
    : { icon: 'pass-filled', color: 'charts.green', word: t('connected') };
}

function parts({ problem, answeredAt, identity, offers }: Health, now: EpochMs): readonly string[] {
  const ends = endsText(identity, now);
  if (problem !== null) {
    const known = answeredAt === null ? '' : t('last known {0}', formatAge(Math.max(0, now - answeredAt)));
    return [problemWord(problem), known, oneLine(problem.message, longest).replace(/\.$/u, '')];
  }
  if (answeredAt === null || identity === null) {
    return [];
  }
  const age = now - answeredAt;
  return [ends, stockSentence(offers), oneLine(identity.account, longest), age > 3 * askEvery ? formatAge(age) : ''];
}

/** Whether the sign-in ends before long, or has ended. */
export function endsSoon(identity: Identity | null, now: EpochMs): boolean {
  return identity !== null && identity.expiresAt !== null && identity.expiresAt - now < warnBefore;
}

/** "signs out in 25 min", "signed out"; empty when it lasts. */
export function endsText(identity: Identity | null, now: EpochMs): string {
  if (identity === null || identity.expiresAt === null || !endsSoon(identity, now)) {
    return '';
  }
  const left = identity.expiresAt - now;
  return left <= 0 ? t('signed out') : t('signs out in {0} min', Math.ceil(left / 60_000));
}

import { createHash } from 'node:crypto';

import type { ConnectionId } from '../../core/job.ts';
import type { JsonObject, ProviderId } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';
import { type EntryOf, longestLabel, type SavedConnection } from './savedConnections.ts';

/**
 * The setting with one more connection, or as it was where the very same is there already: another window may have added it meanwhile.
 * Throws `conflict` when there is something else than a list; nothing of it is lost.
 */
export function withConnection(written: unknown, { id, provider, label, settings }: SavedConnection): unknown[] {
  const entries = listOf(written);
  const isIt = (entry: unknown): boolean =>
    isObject(entry) && entry['id'] === id && JSON.stringify(entry['settings']) === JSON.stringify(settings);
  return entries.some(isIt) ? [...entries] : [...entries, { id, provider, label, settings }];
}

/** The setting with another label for a connection. Throws `conflict` like `withConnection`. */
export function withLabel(written: unknown, id: ConnectionId, label: string): unknown[] {
  return listOf(written).map((entry) => (isObject(entry) && entry['id'] === id ? { ...entry, label } : entry));
}

/** The setting without an entry; of several that are written alike, the first stays. Throws like `withConnection`. */
export function withoutConnection(written: unknown, gone: EntryOf): unknown[] {
  const entries = listOf(written);
  if ('written' in gone) {
    const text = JSON.stringify(gone.written);
    const last = entries.findLastIndex((entry) => JSON.stringify(entry) === text);
    return entries.filter((_, index) => index !== last);
  }
  return entries.filter((entry) => !(isObject(entry) && entry['id'] === gone.id));
}

/** The same settings get the same id, so that jobs of a connection that was removed are found again when it comes back. */
export function idFor(provider: ProviderId, settings: JsonObject, taken: ReadonlySet<string>): ConnectionId {
  const hash = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 8);
  const id = `${provider}-${hash}`;
  let unique = id;
  for (let number = 2; taken.has(unique); number += 1) {
    unique = `${id}-${number}`;
  }
  return unique as ConnectionId;
}

/** One line that no other connection has, numbered where it has to be; the number is never what is cut off. */
export function uniqueLabel(label: string, taken: ReadonlySet<string>): string {
  let unique = oneLine(label, longestLabel);
  for (let number = 2; taken.has(unique); number += 1) {
    unique = `${oneLine(label, longestLabel - ` ${number}`.length)} ${number}`;
  }
  return unique;
}

function listOf(written: unknown): readonly unknown[] {
  if (written !== undefined && !Array.isArray(written)) {
    throw new ProviderError('conflict', t('The setting aloft.connections is not a list.'), {
      remedy: t('Put it right in your settings first.'),
    });
  }
  return written ?? [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

import { createHash } from 'node:crypto';

import type { ConnectionId } from '../../core/job.ts';
import type { JsonObject, ProviderId } from '../../core/provider.ts';
import { ProviderError } from '../../core/providerError.ts';
import { t } from '../l10n.ts';
import type { EntryOf, SavedConnection } from './savedConnections.ts';

/** The setting with one more connection. Throws `conflict` when there is something else than a list; nothing of it is lost. */
export function withConnection(written: unknown, { id, provider, label, settings }: SavedConnection): unknown[] {
  return [...listOf(written), { id, provider, label, settings }];
}

/** The setting with another label for a connection. Throws `conflict` like `withConnection`. */
export function withLabel(written: unknown, id: ConnectionId, label: string): unknown[] {
  return listOf(written).map((entry) => (isObject(entry) && entry['id'] === id ? { ...entry, label } : entry));
}

/** The setting without an entry. Throws like `withConnection`. */
export function withoutConnection(written: unknown, gone: EntryOf): unknown[] {
  const isGone = (entry: unknown): boolean =>
    'written' in gone
      ? JSON.stringify(entry) === JSON.stringify(gone.written)
      : isObject(entry) && entry['id'] === gone.id;
  return listOf(written).filter((entry) => !isGone(entry));
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

export function uniqueLabel(label: string, taken: ReadonlySet<string>): string {
  let unique = label;
  for (let number = 2; taken.has(unique); number += 1) {
    unique = `${label} ${number}`;
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

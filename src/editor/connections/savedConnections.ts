import * as z from 'zod/mini';

import type { ConnectionId } from '../../core/job.ts';
import type { JsonObject, ProviderId } from '../../core/provider.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';

/** A connection as it is kept in the setting `aloft.connections`. */
export interface SavedConnection {
  /** Names it for good; jobs refer to it. */
  readonly id: ConnectionId;
  readonly provider: ProviderId;
  /** One line; cut when somebody wrote a book. */
  readonly label: string;
  readonly settings: JsonObject;
}

/** An entry that cannot be used; it leaves the others alone. */
export interface BrokenConnection {
  readonly id: ConnectionId;
  readonly label: string;
  /** What is wrong with it, in a sentence. */
  readonly reason: string;
  readonly entry: EntryOf;
}

/** Which entry of the setting is meant: the one with an id, or one that is exactly as it was written. */
export type EntryOf = { readonly id: ConnectionId } | { readonly written: unknown };

export interface SavedConnections {
  readonly usable: readonly SavedConnection[];
  readonly broken: readonly BrokenConnection[];
}

/** Characters of a label that are shown. */
export const longestLabel = 60;
const idPattern = /^[a-z0-9][a-z0-9-]{0,63}$/u;
const entrySchema = z.object({
  id: z.string().check(z.regex(idPattern)),
  provider: z.string().check(z.minLength(1)),
  label: z.string(),
  settings: z.record(z.string(), z.json()),
});

/** Reads the setting, whatever people wrote into it. */
export function parseConnections(value: unknown): SavedConnections {
  const usable: SavedConnection[] = [];
  const broken: BrokenConnection[] = [];
  const taken = new Set(['local']);
  const refuse = (index: number, written: unknown, reason: string): void => {
    broken.push({
      id: `broken-${index}` as ConnectionId,
      label: shownLabel(written, index),
      reason,
      entry: { written },
    });
  };
  if (value !== undefined && !Array.isArray(value)) {
    refuse(0, value, t('The setting aloft.connections is not a list.'));
  }
  for (const [index, written] of Array.isArray(value) ? value.entries() : []) {
    const parsed = z.safeParse(entrySchema, written);
    if (!parsed.success) {
      refuse(index, written, whatIsWrong(parsed.error.issues[0]?.path[0]));
    } else if (taken.has(parsed.data.id)) {
      refuse(index, written, t('Another connection has the id {0} too.', parsed.data.id));
    } else {
      const { id, provider, settings } = parsed.data;
      taken.add(id);
      usable.push({ id: id as ConnectionId, provider, label: shownLabel(written, index), settings });
    }
  }
  return { usable, broken };
}

function whatIsWrong(field: PropertyKey | undefined): string {
  switch (field) {
    case 'id':
      return t('Its id is missing, or has more than lower-case letters, digits and hyphens.');
    case 'provider':
      return t('It does not say which provider it belongs to.');
    case 'label':
      return t('Its label is missing.');
    case 'settings':
      return t('Its settings are missing.');
    default:
      return t('It is not an object with id, provider, label and settings.');
  }
}

function shownLabel(written: unknown, index: number): string {
  const field = (name: string): string => {
    const value: unknown = typeof written === 'object' && written !== null ? Reflect.get(written, name) : undefined;
    return typeof value === 'string' ? oneLine(value, longestLabel) : '';
  };
  return field('label') || field('id') || t('Connection {0}', index + 1);
}

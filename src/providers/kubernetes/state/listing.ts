import * as z from 'zod/mini';
import type { KubeApi, Query } from '../client/api.ts';
import { hasStatus } from '../client/apiError.ts';
import { listSchema } from '../model/meta.ts';

const pageItems = 500;

export interface Listing {
  readonly items: readonly unknown[];
  /** From where a watch goes on. */
  readonly resourceVersion: string;
}

/** Every item of a collection, page by page. `mostPages` guards against lists that nobody wants to wait for: null then. */
export async function listAll(
  api: KubeApi,
  path: string,
  query: Query,
  signal: AbortSignal,
  mostPages = Number.POSITIVE_INFINITY,
  accept?: string,
): Promise<Listing | null> {
  const items: unknown[] = [];
  let more: string | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    try {
      const page = z.parse(
        listSchema,
        await api.json(
          'GET',
          path,
          { query: { ...query, limit: pageItems, continue: more }, ...(accept === undefined ? {} : { accept }) },
          signal,
        ),
      );
      items.push(...page.items);
      more = page.metadata?.continue || undefined;
      if (more === undefined) {
        return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
      }
    } catch (error) {
      if (more === undefined || !hasStatus(error, 410)) {
        throw error;
      }
      // The pages are too old to go on with: all anew.
      items.length = 0;
      more = undefined;
    }
  }
  return null;
}

import type { BlobContainer } from '../client/blobs.ts';
import { eachAtOnce } from '../../../core/eachAtOnce.ts';
import { stored } from '../names.ts';

/** Requests under way at a time. */
const atOnce = 16;
/** So many are asked for one by one. */
const few = 2 * atOnce;

/**
 * Which of these pieces of code are in the datastore, by their SHA-256 (hex). A few are asked for by their names, many by lists of all
 * that begin alike, of which 5,000 come with an answer.
 */
export async function piecesAmong(
  container: Pick<BlobContainer, 'has' | 'list'>,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (wanted.length <= few) {
    await eachAtOnce(atOnce, wanted, async (sha256) => {
      if (await container.has(stored.piece(sha256), signal)) {
        found.add(sha256);
      }
    });
    return found;
  }
  const names = new Map(wanted.map((sha256) => [stored.piece(sha256), sha256]));
  const beginnings = [...new Set(wanted.map((sha256) => sha256.slice(0, 1)))];
  await eachAtOnce(atOnce, beginnings, async (beginning) => {
    for await (const { name } of container.list(stored.pieces(beginning), signal)) {
      const sha256 = names.get(name);
      if (sha256 !== undefined) {
        found.add(sha256);
      }
    }
  });
  return found;
}

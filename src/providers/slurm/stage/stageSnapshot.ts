import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

import type { Snapshot, SnapshotPiece, StageProgress } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';

/**
 * $1 snapshot; stdin: its pieces, one a line. Prints `have` when all is there, else `<piece> <bytes of it that came before>` for each
 * that is missing. What is asked for is about to be used: its time says so to whoever cleans up.
 */
const askScript = `
umask 077
mkdir -p "$root/pieces" "$root/snapshots" "$root/runs" && cd "$root/pieces" || exit
cat >"../snapshots/.$1.$$" || exit
# Without locks nobody can tell whether a part is still being written.
locks=; : >>.lock && flock -s -w 5 .lock true 2>/dev/null && locks=yes
whole=yes
while read -r piece; do
  if [ -e "$piece" ]; then touch "$piece"; else
    whole=
    printf '%s %s\\n' "$piece" "$([ -n "$locks" ] && stat -c %s "$piece.part" 2>/dev/null || echo 0)"
  fi
done <"../snapshots/.$1.$$"
if [ -n "$whole" ]; then mv "../snapshots/.$1.$$" "../snapshots/$1" && echo have; else rm "../snapshots/.$1.$$"; fi
`;

/**
 * stdin: for each piece a line `<piece> <offset> <length>` and so many bytes. A piece gets its name when its hash is right. When
 * somebody else is sending the same piece, or the part that was there is another by now, the bytes go into a file of their own.
 */
const receiveScript = `
umask 077
cd "$root/pieces" || exit
while read -r piece offset length; do
  exec 8>>"$piece.part" || exit
  if flock -n 8 2>/dev/null && { [ "$offset" != 0 ] || : >"$piece.part"; } && [ "$(stat -c %s "$piece.part")" = "$offset" ]; then
    part=$piece.part
    head -c "$length" >&8 || exit
    # Broken off: it is gone on with from here.
    [ "$(stat -c %s "$part")" = $((offset + length)) ] || exit 1
  elif [ "$offset" = 0 ]; then
    part=$piece.$$
    head -c "$length" >"$part" || { rm -f "$part"; exit 1; }
  else
    head -c "$length" >/dev/null
    exec 8>&-
    continue
  fi
  case $(sha256sum <"$part") in
  "$piece "*) mv "$part" "$piece" || exit ;;
  *) rm -f "$part"; echo "aloft: damaged $piece" >&2 ;;
  esac
  exec 8>&-
done
`;

const mostRounds = 5;

/** Puts the pieces that are missing on the cluster, resuming where an earlier attempt broke off. */
export async function stageSnapshot(
  shell: SlurmShell,
  snapshot: Snapshot,
  signal: AbortSignal,
  onProgress: (progress: StageProgress) => void,
): Promise<void> {
  const totalBytes = snapshot.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const pieces = new Map(snapshot.pieces.map((piece) => [piece.sha256, piece]));
  const list = Buffer.from(snapshot.pieces.map(({ sha256 }) => `${sha256}\n`).join(''));
  let sentBytes = -1;
  const report = (bytes: number): void => {
    sentBytes = Math.max(sentBytes, Math.min(bytes, totalBytes));
    onProgress({ sentBytes, totalBytes });
  };
  for (let round = 0; round < mostRounds; round += 1) {
    const answer = await shell.run({ text: askScript, args: [snapshot.id], input: list }, signal);
    const missing = missingPieces(answer, pieces);
    if (missing === null) {
      report(totalBytes);
      return;
    }
    let there = totalBytes - missing.reduce((sum, { piece, offset }) => sum + piece.bytes - offset, 0);
    report(there);
    await shell.run(
      {
        text: receiveScript,
        input: sentPieces(snapshot, missing, signal, (bytes) => {
          there += bytes;
          // Whole only when the cluster says so.
          report(Math.min(there, totalBytes - 1));
        }),
      },
      signal,
    );
  }
  throw new ProviderError('transient', 'The code did not arrive whole on the cluster.');
}

interface MissingPiece {
  readonly piece: SnapshotPiece;
  /** Bytes of it that are there. */
  readonly offset: number;
}

/** null when all is there. */
function missingPieces(answer: string, pieces: ReadonlyMap<string, SnapshotPiece>): MissingPiece[] | null {
  const lines = answer.trim().split('\n');
  if (lines.includes('have')) {
    return null;
  }
  const names = new Set<string>();
  return lines.flatMap((line) => {
    const [name = '', offset = '0'] = line.split(' ');
    const piece = pieces.get(name);
    if (piece === undefined || names.has(name)) {
      return [];
    }
    names.add(name);
    return [{ piece, offset: Number(offset) < piece.bytes ? Number(offset) : 0 }];
  });
}

async function* sentPieces(
  snapshot: Snapshot,
  missing: readonly MissingPiece[],
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for (const { piece, offset } of missing) {
    await refuseDamaged(piece, snapshot.piecePath(piece), signal);
    yield Buffer.from(`${piece.sha256} ${offset} ${piece.bytes - offset}\n`);
    for await (const chunk of createReadStream(snapshot.piecePath(piece), {
      start: offset,
      signal,
      highWaterMark: 1 << 18,
    })) {
      yield chunk;
      onSent(chunk.length);
    }
  }
}

async function refuseDamaged(piece: SnapshotPiece, path: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
    hash.update(chunk);
  }
  if (hash.digest('hex') !== piece.sha256) {
    throw new ProviderError('invalid', `The snapshot is damaged: ${path} does not hold what it should.`, {
      remedy: 'Submit again to make a new snapshot.',
    });
  }
}

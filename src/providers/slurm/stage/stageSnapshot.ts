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
# What somebody is sending now is theirs to go on with; so is all of it on a disk without locks.
resume=; : >>.sending && flock -n .sending true 2>/dev/null && resume=yes
whole=yes
while read -r piece; do
  if [ -e "$piece" ]; then touch "$piece"; else
    whole=
    printf '%s %s\\n' "$piece" "$([ -n "$resume" ] && stat -c %s "$piece.part" 2>/dev/null || echo 0)"
  fi
done <"../snapshots/.$1.$$"
if [ -n "$whole" ]; then mv "../snapshots/.$1.$$" "../snapshots/$1" && echo have; else rm "../snapshots/.$1.$$"; fi
`;

/**
 * stdin: for each piece a line `<piece> <offset> <length>` and so many bytes. A piece gets its name when its hash is right. One sender
 * at a time writes parts that can be gone on with; others, and those on a disk without locks, write files of their own.
 */
const receiveScript = `
umask 077
cd "$root/pieces" || exit
exec 8>>.sending || exit
flock -n 8 2>/dev/null && own=part || own=$$
while read -r piece offset length; do
  file=$piece.$own
  [ "$offset" != 0 ] || : >"$file" || exit
  # Another sender has been at it since we were told: it is asked for again.
  [ "$(stat -c %s "$file" 2>/dev/null)" = "$offset" ] || file=/dev/null
  head -c "$length" >>"$file" || exit
  [ "$file" != /dev/null ] || continue
  # Broken off: it is gone on with from here.
  [ "$(stat -c %s "$file")" = $((offset + length)) ] || exit 1
  case $(sha256sum <"$file") in
  "$piece "*) mv "$file" "$piece" || exit ;;
  *) rm -f "$file"; echo "aloft: damaged $piece" >&2 ;;
  esac
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

import type { SFTPWrapper } from 'ssh2';

import { ProviderError } from '../../../core/providerError.ts';
import type { SlurmHost } from '../host.ts';
import { connectionLost } from './failure.ts';
import type { Session } from './session.ts';
import { untilAborted } from './untilAborted.ts';

const pieceBytes = 65_536;
/** Asked for ahead, so that a long way to the host costs no time. */
const piecesAhead = 16;

/** Status codes of SFTP (draft-ietf-secsh-filexfer-02, 7). */
const noSuchFile = 2;
const permissionDenied = 3;
const failure = 4;

/** The bytes of a file from an offset to its end, over SFTP. Rejects with `notFound` when it is not there. */
export async function* readRemoteFile(
  session: Session,
  sftp: SFTPWrapper,
  path: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const until = [signal, session.lost];
  const call = async <T>(ask: (done: (error: Error | null | undefined, result: T) => void) => void): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    ask((error, result) => {
      if (error === null || error === undefined) {
        resolve(result);
      } else {
        reject(error);
      }
    });
    promise.catch(() => undefined);
    return untilAborted(until, promise);
  };
  try {
    const handle = await call<Buffer>((done) => {
      sftp.open(path, 'r', done);
    });
    try {
      yield* pieces(offset, async (at) => readPiece(call, sftp, handle, at));
    } finally {
      sftp.close(handle, () => undefined);
    }
  } catch (error) {
    throw fileError(error, path, session);
  }
}

type Call = <T>(ask: (done: (error: Error | null | undefined, result: T) => void) => void) => Promise<T>;

/** Pieces in order until one is not full, several of them asked for at a time. */
async function* pieces(
  offset: number,
  read: (offset: number) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const asked: Promise<Uint8Array>[] = [];
  let next = offset;
  for (;;) {
    while (asked.length < piecesAhead) {
      const piece = read(next);
      piece.catch(() => undefined);
      asked.push(piece);
      next += pieceBytes;
    }
    const piece = (await asked.shift()) ?? new Uint8Array();
    if (piece.length > 0) {
      yield piece;
    }
    if (piece.length < pieceBytes) {
      await Promise.allSettled(asked);
      return;
    }
  }
}

/** A whole piece, unless the file ends within it: the server may give less than it is asked for. */
async function readPiece(call: Call, sftp: SFTPWrapper, handle: Buffer, offset: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let filled = 0;
  while (filled < pieceBytes) {
    const bytes = await call<number>((done) => {
      sftp.read(handle, buffer, filled, pieceBytes - filled, offset + filled, done);
    });
    if (bytes === 0) {
      break;
    }
    filled += bytes;
  }
  return buffer.subarray(0, filled);
}

function fileError(error: unknown, path: string, session: Session): unknown {
  if (!(error instanceof Error) || error instanceof ProviderError) {
    return error;
  }
  const details = { raw: error.message, cause: error };
  switch (Reflect.get(error, 'code')) {
    case noSuchFile:
      return new ProviderError('notFound', `There is no file ${path} on ${session.where}.`, details);
    case permissionDenied:
    case failure:
      return new ProviderError('invalid', `The file ${path} on ${session.where} cannot be read.`, details);
    default:
      return connectionLost(session.where, error.message);
  }
}

/** The same by commands, for hosts without SFTP. */
export async function* readFileByCommand(
  host: Pick<SlurmHost, 'run' | 'stream'>,
  path: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const look = { text: '[ -e "$1" ] || exit 1; [ -f "$1" ] && [ -r "$1" ] || exit 2', args: [path] };
  const { exitCode, stderr } = await host.run(look, signal);
  if (exitCode !== 0) {
    throw exitCode === 1
      ? new ProviderError('notFound', `There is no file ${path}.`, { raw: stderr })
      : new ProviderError('invalid', `The file ${path} cannot be read.`, { raw: stderr });
  }
  yield* host.stream({ text: 'exec tail -c "+$2" -- "$1"', args: [path, `${offset + 1}`] }, signal);
}

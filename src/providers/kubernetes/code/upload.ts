import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ProviderError } from '../../../core/providerError.ts';
import type { KubeApi } from '../client/api.ts';
import { exec } from '../client/exec.ts';
import { container } from '../model/pod.ts';
import { codeFile, place } from '../plan/scripts.ts';
import type { CodeArchive } from './archive.ts';

/**
 * Takes exactly so many bytes of its input, as older servers cannot tell it that there are no more, checks them and only then
 * shows them to who waits for them. Arguments: a name of its own, bytes, SHA-256.
 */
const receiveScript = `dir=${place.incoming}
mkdir -p "$dir" || exit 1
if [ -e "$dir/${codeFile.archive}" ]; then exit 0; fi
head -c "$2" > "$dir/$1" || exit 1
got=$(sha256sum < "$dir/$1" | cut -c1-64)
if [ "$got" != "$3" ]; then rm -f "$dir/$1"; echo "SHA-256 $got instead of $3" >&2; exit 65; fi
printf %s "$3" > "$dir/$1.sum" && mv "$dir/$1.sum" "$dir/${codeFile.sha256}" && mv "$dir/$1" "$dir/${codeFile.archive}"
`;

/** Sends code into the init container of a pod that waits for it. Sending it twice, also at once, does no harm. */
export async function uploadCode(
  api: KubeApi,
  namespace: string,
  pod: string,
  archive: CodeArchive,
  signal: AbortSignal,
): Promise<void> {
  const { exitCode, stderr } = await exec(
    api,
    { namespace, pod, container: container.code },
    ['/bin/sh', '-c', receiveScript, 'aloft', randomUUID(), String(archive.bytes), archive.sha256],
    signal,
    { input: createReadStream(archive.path, { highWaterMark: 64 * 1024, signal }) },
  );
  if (exitCode !== 0) {
    throw new ProviderError('transient', `The code could not be sent to ${pod}.`, { raw: stderr.trim() });
  }
}

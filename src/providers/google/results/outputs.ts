import { matcher } from '../../../core/globs.ts';
import type { OutputFile } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { safeRelativePath } from '../../../core/safePath.ts';
import { Bucket } from '../client/bucket.ts';
import type { GoogleAccess } from '../client/access.ts';
import { type HandleData, keyOf } from '../handle.ts';
import { objectOf } from '../paths.ts';

/** Folders that Vertex AI tells a job to write to: AIP_MODEL_DIR, AIP_TENSORBOARD_LOG_DIR and AIP_CHECKPOINT_DIR. */
const outputFolders = ['model', 'logs', 'checkpoints'] as const;

interface Place {
  readonly bucket: Bucket;
  /** Of object names, with a slash at the end. */
  readonly prefix: string;
}

/** In a folder such as `checkpoint-500`, which trainers make beside their models. */
const isOfCheckpoint = (path: string): boolean => /(?:^|\/)checkpoint[^/]*\//iu.test(path);

/**
 * Files of the working folder that the job left in the bucket, then those in its output directory, whether or not they match. Checkpoints are
 * large and many, and stay where they are, unless they are asked for by name.
 */
export async function listOutputs(
  access: GoogleAccess,
  data: HandleData,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<readonly OutputFile[]> {
  const isWanted = matcher(globs);
  const found = new Map<string, OutputFile>();
  const folders = outputFolders.filter(
    (folder) => folder !== 'checkpoints' || globs.some((glob) => glob.startsWith('checkpoints')),
  );
  for (const { bucket, prefix, at } of placesOf(access, data, folders)) {
    for (const { name, bytes, modifiedAt } of await bucket.list(prefix, signal)) {
      const path = at + name.slice(prefix.length);
      const isListed = isWanted(path) || (at !== '' && !isOfCheckpoint(path));
      if (isListed && !found.has(path)) {
        found.set(path, { path, bytes, modifiedAt });
      }
    }
  }
  return [...found.values()];
}

export async function* readOutput(
  access: GoogleAccess,
  data: HandleData,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const safe = safeRelativePath(path);
  if (safe === null || safe !== path) {
    throw new ProviderError('invalid', `${JSON.stringify(path)} is no path of a result file.`);
  }
  for (const { bucket, prefix, at } of placesOf(access, data, outputFolders)) {
    const object = prefix + path.slice(at.length);
    if (path.startsWith(at) && (await bucket.exists(object, signal))) {
      yield* bucket.stream(object, signal);
      return;
    }
  }
  throw new ProviderError('notFound', `The job left no file ${path}.`);
}

/** `at`: what comes before a name there in the path of a result. */
function placesOf(
  access: GoogleAccess,
  data: HandleData,
  folders: readonly string[],
): readonly (Place & { readonly at: string })[] {
  const own = { bucket: new Bucket(access, data.bucket), prefix: objectOf.results(keyOf(data)), at: '' };
  const [, bucketName, folder] = /^gs:\/\/([^/]+)\/?(.*?)\/*$/su.exec(data.outputUri) ?? [];
  if (bucketName === undefined || folder === undefined) {
    return [own];
  }
  const bucket = new Bucket(access, bucketName);
  const base = folder === '' ? '' : `${folder}/`;
  return [own, ...folders.map((name) => ({ bucket, prefix: `${base}${name}/`, at: `${name}/` }))];
}

import type { AttemptKey } from '../../../core/job.ts';
import type { Handle, SubmitInput } from '../../../core/provider.ts';
import { ProviderError } from '../../../core/providerError.ts';
import { runName } from '../../../core/runName.ts';
import { shellQuote } from '../../../core/shellQuote.ts';
import { type JobRequest, requestSchema } from '../plan/request.ts';
import type { SlurmShell } from '../shell/slurmShell.ts';
import * as z from 'zod/mini';
import { handleOf } from '../handle.ts';
import { findScript, submitScript } from './submitScript.ts';

/** Linux hands a program no environment variable of 131,072 bytes or more (MAX_ARG_STRLEN). */
const longestSecret = 120_000;

export async function submitJob(
  shell: SlurmShell,
  { plan, key, secrets }: SubmitInput,
  signal: AbortSignal,
): Promise<Handle> {
  const request = requestOf(plan.request, key);
  const exports = secretExports(request.secrets, secrets);
  const input = Buffer.concat([
    ...part(`${JSON.stringify(plan.request)}\n`),
    ...part(request.script),
    ...part(exports),
  ]);
  const { run, snapshot, workingDirectory, existingScript } = request;
  const answer = await shell.run(
    { text: submitScript, args: [run, snapshot, workingDirectory, existingScript ?? '', ...request.arguments], input },
    signal,
  );
  return handleOf(run, await shell.root(signal), answer);
}

export async function findJob(shell: SlurmShell, key: AttemptKey, signal: AbortSignal): Promise<Handle | null> {
  const run = runName(key);
  const answer = await shell.run({ text: findScript, args: [run] }, signal);
  return answer.trim() === '' ? null : handleOf(run, await shell.root(signal), answer);
}

/** The request of a plan, if it is for that key. */
export function requestOf(planned: unknown, key: AttemptKey): JobRequest {
  const request = parseRequest(planned);
  if (request.run !== runName(key)) {
    throw new ProviderError('invalid', `The plan is for ${request.run}, not for ${runName(key)}.`);
  }
  return request;
}

export function parseRequest(planned: unknown): JobRequest {
  const parsed = z.safeParse(requestSchema, planned);
  if (!parsed.success) {
    throw new ProviderError('invalid', 'The plan was made by another version of Aloft.', {
      remedy: 'Submit again.',
      raw: parsed.error.message,
    });
  }
  return parsed.data;
}

function part(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  return [Buffer.from(`${bytes.length}\n`), bytes];
}

function secretExports(names: readonly string[], secrets: ReadonlyMap<string, string>): string {
  return names
    .map((name) => {
      const value = secrets.get(name);
      if (value === undefined) {
        throw new ProviderError('invalid', `The secret ${name} has no value.`, {
          field: 'secrets',
          remedy: 'Set it, or take it off the list.',
        });
      }
      if (value.includes('\0') || Buffer.byteLength(value) > longestSecret) {
        throw new ProviderError('invalid', `The secret ${name} cannot be an environment variable.`, {
          field: 'secrets',
          remedy: 'It must be shorter than 120 kB and hold no NUL character.',
        });
      }
      return `export ${name}=${shellQuote(value)}\n`;
    })
    .join('');
}

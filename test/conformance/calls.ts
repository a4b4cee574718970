import type { Connection, Handle, SubmitInput } from '../../src/core/provider.ts';
import { type Harness, gather, never } from './harness.ts';
import type { Method } from './setup.ts';

/** What the calls of a case are about: an ended job with an output file, and one that was not submitted yet. */
export interface Subject {
  readonly handle: Handle;
  readonly path: string;
  readonly input: SubmitInput;
}

export const methods: readonly Method[] = [
  'identity',
  'offers',
  'stage',
  'submit',
  'find',
  'list',
  'observe',
  'logs',
  'cancel',
  'outputs',
  'readOutput',
  'remove',
];

export async function makeSubject(harness: Harness): Promise<Subject> {
  const { writes, prints } = harness.scenarios;
  const handle = await harness.submit(writes.command, undefined, { outputs: Object.keys(writes.files) });
  await harness.end(handle);
  return { handle, path: Object.keys(writes.files)[0] ?? '', input: await harness.prepare(prints.command) };
}

/** One call of a method, to its end. */
export async function callOnce(
  connection: Connection,
  harness: Harness,
  method: Method,
  { handle, path, input }: Subject,
  signal: AbortSignal = never(),
): Promise<unknown> {
  switch (method) {
    case 'identity':
      return connection.identity(signal);
    case 'offers':
      return connection.offers({}, signal);
    case 'stage':
      return connection.stage(harness.snapshot, signal, () => undefined);
    case 'submit':
      return connection.submit(input, signal);
    case 'find':
      return connection.find(input.key, signal);
    case 'list':
      return connection.list(signal);
    case 'observe':
      return connection.observe([handle], signal);
    case 'logs':
      return gather(connection.logs(handle, null, signal));
    case 'cancel':
      return connection.cancel(handle, signal);
    case 'outputs':
      return connection.outputs(handle, ['**'], signal);
    case 'readOutput':
      return gather(connection.readOutput(handle, path, signal));
    case 'remove':
      return connection.remove(handle, signal);
  }
}

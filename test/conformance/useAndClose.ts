import * as z from 'zod/mini';
import type { Provider } from '../../src/core/provider.ts';
import { testPorts } from '../emulators/scripted/testPorts.ts';

/*
 * `node useAndClose.ts <module> <settings as JSON> <handle as JSON>`: uses a connection, with a log still open when it is
 * disposed of. The process then has nothing to wait for and ends by itself.
 */

const [, , path = '', settings = '{}', handleText = ''] = process.argv;
const { provider }: { provider: Provider } = await import(path);
const connection = provider.connect(
  z.parse(z.record(z.string(), z.json()), JSON.parse(settings)),
  testPorts('closing'),
);
const { signal } = new AbortController();
const handle = z.parse(z.object({ id: z.string(), data: z.record(z.string(), z.json()) }), JSON.parse(handleText));
await connection.identity(signal);
await connection.list(signal);
await connection.observe([handle], signal);
const log = connection.logs(handle, null, signal)[Symbol.asyncIterator]();
await log.next();
const waiting = log.next().catch(() => undefined);
await connection.dispose();
await waiting;
process.stdout.write('disposed\n');

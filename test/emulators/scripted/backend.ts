import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Json } from '../../../src/core/provider.ts';
import { type ProviderError, isProviderError } from '../../../src/core/providerError.ts';
import { ScriptedCloud } from './cloud.ts';
import { obey } from './control.ts';
import { isStreamOperation, operations } from './fault.ts';
import { streamEnd } from './transport.ts';

/*
 * The cloud as a process of its own, so that it outlives the process under test: `node backend.ts [--with-parent]`.
 * Prints its port on the first line. With `--with-parent` it ends when its standard input does.
 */

const statuses: Readonly<Record<ProviderError['tag'], number>> = {
  auth: 401,
  quota: 429,
  capacity: 503,
  rateLimited: 429,
  transient: 503,
  invalid: 400,
  notFound: 404,
  conflict: 409,
  unsupported: 501,
};

const cloud = new ScriptedCloud({
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
});

const server = createServer((request, response) => {
  const gone = new AbortController();
  response.on('close', () => {
    gone.abort();
  });
  void answer(request, response, gone.signal).catch((error: unknown) => {
    refuse(response, error);
  });
});

async function answer(request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
  const name = (request.url ?? '').slice(1);
  const body = z.parse(z.json(), JSON.parse(await text(request)));
  if (name === 'control') {
    reply(response, obey(cloud, body));
    return;
  }
  const operation = operations.find((known) => known === name);
  if (operation === undefined) {
    response.writeHead(404).end();
  } else if (isStreamOperation(operation)) {
    for await (const item of cloud.stream(operation, body, gone)) {
      if (!response.headersSent) {
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      }
      if (!response.write(`${JSON.stringify(item)}\n`)) {
        await drained(response, gone);
      }
    }
    response.end(`${streamEnd}\n`);
  } else {
    reply(response, await cloud.call(operation, body, gone));
  }
}

function reply(response: ServerResponse, value: Json): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, error: unknown): void {
  if (isProviderError(error) && !response.headersSent) {
    const { tag, message, raw, remedy, retryAfterMs } = error;
    response.writeHead(statuses[tag]).end(JSON.stringify({ tag, message, raw, remedy, retryAfterMs }));
  } else if (error instanceof z.core.$ZodError || error instanceof SyntaxError) {
    response.writeHead(400).end(JSON.stringify({ tag: 'invalid', message: error.message }));
  } else {
    response.destroy();
  }
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    gone.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});

if (process.argv.includes('--with-parent')) {
  process.stdin.on('end', () => {
    process.exit();
  });
  process.stdin.resume();
}

import * as z from 'zod/mini';
import type { Provider } from '../../../src/core/provider.ts';
import { ScriptedConnection } from './connection.ts';
import { scriptedAbilities } from './request.ts';
import { httpTransport } from './transport.ts';

const settingsSchema = z.object({
  /** Where the backend listens, such as `http://127.0.0.1:4000`. */
  url: z.string(),
  /** Where run folders are, as on a cluster that has no console. */
  runFolders: z.optional(z.object({ host: z.string(), path: z.string() })),
  idempotency: z._default(z.enum(['named', 'searched']), 'named'),
});

export const provider: Provider = {
  id: 'scripted',
  label: 'Scripted cloud',
  abilities: scriptedAbilities,
  connect(settings, ports) {
    const { url, idempotency, runFolders } = z.parse(settingsSchema, settings);
    return new ScriptedConnection(httpTransport(url), idempotency, ports, runFolders ?? url);
  },
  /** Asks for the name and the address in one: `lab=http://127.0.0.1:4000`. */
  async setUp({ ask }, signal) {
    const typed = await ask.type(
      {
        title: 'Scripted cloud',
        prompt: 'Its name and where it listens, such as lab=http://127.0.0.1:4000',
        value: '',
        isSecret: false,
        check: (text) => (/^[^=]*=http:/u.test(text) ? null : 'Write name=address.'),
      },
      signal,
    );
    const [label = '', url = ''] = typed?.split(/=(?=http:)/u) ?? [];
    return typed === undefined ? undefined : { label, settings: { url } };
  },
};

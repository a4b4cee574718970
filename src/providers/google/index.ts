import type { Provider } from '../../core/provider.ts';
import { abilities } from './abilities.ts';
import { GoogleConnection } from './connection.ts';
import { parseSettings } from './settings.ts';
import { setUpGoogle } from './setUp.ts';

/** Google Cloud, by custom jobs of Vertex AI. */
export const provider: Provider = {
  id: 'google',
  label: 'Google Cloud',
  abilities,
  connect: (settings, ports) => new GoogleConnection(parseSettings(settings), ports),
  setUp: async (ports, signal) => setUpGoogle(ports, signal),
};

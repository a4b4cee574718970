import type { Provider } from '../../core/provider.ts';
import { abilities } from './abilities.ts';
import { AzureConnection } from './connection.ts';
import { parseSettings } from './settings.ts';
import { setUpWorkspace } from './setUp/setUp.ts';

/** A workspace of Azure Machine Learning. */
export const provider: Provider = {
  id: 'azure',
  label: 'Azure Machine Learning',
  abilities,
  connect: (settings, ports) => new AzureConnection(parseSettings(settings), ports),
  setUp: async (ports, signal) => setUpWorkspace(ports, signal),
};

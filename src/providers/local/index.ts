import type { Provider } from '../../core/provider.ts';
import { abilities } from './abilities.ts';
import { LocalConnection } from './connection.ts';
import { parseSettings } from './settings.ts';
import { UnsupportedConnection } from './unsupportedConnection.ts';

/** Runs jobs on the machine the editor runs on. */
export const provider: Provider = {
  id: 'local',
  label: 'This machine',
  abilities,
  connect: (settings, ports) =>
    process.platform === 'win32' ? new UnsupportedConnection() : new LocalConnection(parseSettings(settings), ports),
};

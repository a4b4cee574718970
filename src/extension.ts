import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import * as vscode from 'vscode';

import type { ConnectionId, RunId } from './core/job.ts';
import type { JsonObject } from './core/provider.ts';
import { mintRunId } from './core/runId.ts';
import { credentials } from './editor/credentials.ts';
import { Aloft } from './editor/aloft.ts';
import { type ProviderEntry, ProviderCatalog } from './editor/providerCatalog.ts';
import { pythonInterpreter } from './editor/pythonInterpreter.ts';
import { readSettings } from './editor/settings.ts';
import { systemClock } from './engine/systemClock.ts';
import { mementoValues } from './editor/mementoValues.ts';

/** What can be said of a provider without loading its bundle; a test holds it equal to what the bundle says. */
const providers: readonly ProviderEntry[] = [
  {
    id: 'local',
    label: 'This machine',
    abilities: {
      spot: false,
      multiNode: false,
      containerImage: false,
      regions: false,
      liveLogs: true,
      logDelayMs: 30,
      resumesAfterPreemption: false,
    },
    load: async () => (await import('./providers/local/index.ts')).provider,
  },
];

/** Only registers; nothing is read, started or connected before it is needed. */
export function activate(context: vscode.ExtensionContext): void {
  const logger = vscode.window.createOutputChannel('Aloft', { log: true });
  const root = context.globalStorageUri.fsPath;
  const clock = systemClock;
  const localId = 'local' as ConnectionId;

  const localSettings = async (): Promise<JsonObject> => {
    const { localSlots, localGraceSeconds } = readSettings();
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const interpreter =
      folder === undefined || !vscode.workspace.isTrusted ? undefined : await pythonInterpreter(folder);
    return {
      root: join(root, 'local'),
      supervisorPath: vscode.Uri.joinPath(context.extensionUri, 'dist', 'supervisor.js').fsPath,
      nodePath: process.execPath,
      graceSeconds: localGraceSeconds,
      ...(localSlots === null ? {} : { slots: localSlots }),
      ...(interpreter === undefined ? {} : { interpreter }),
    };
  };

  const connections = new ProviderCatalog(
    providers,
    [{ id: localId, providerId: 'local', label: 'This machine', settings: localSettings }],
    {
      clock,
      logger,
      secrets: (id) => credentials(context.secrets, `connection/${id}`),
      keyValue: (id) => mementoValues(context.globalState, `connection/${id}`),
      filesRoot: join(root, 'connections'),
    },
  );

  const aloft = new Aloft({
    context,
    logger,
    clock,
    root,
    connections,
    jobSecrets: credentials(context.secrets, 'job'),
    mintRunId: (): RunId => mintRunId(clock.now(), (count) => randomBytes(count)),
  });
  context.subscriptions.push(aloft, { dispose: () => void connections.dispose() }, logger);
}

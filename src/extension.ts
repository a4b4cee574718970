import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import * as vscode from 'vscode';

import type { ConnectionId, RunId } from './core/job.ts';
import type { JsonObject } from './core/provider.ts';
import { mintRunId } from './core/runId.ts';
import { Aloft } from './editor/aloft.ts';
import { LazyConnections } from './editor/connections/lazyConnections.ts';
import { credentials } from './editor/credentials.ts';
import { EngineHost } from './editor/engineHost.ts';
import { useStrings } from './editor/l10n.ts';
import { readSettings } from './editor/settings.ts';
import { WorkspaceContext } from './editor/workspaceContext.ts';
import type { Engine } from './engine/engine.ts';
import { systemClock } from './engine/systemClock.ts';
import { providerEntries } from './providerEntries.ts';

let end = async (): Promise<void> => undefined;

/** Only registers; nothing is read, started or connected before it is needed. */
export function activate(context: vscode.ExtensionContext): void {
  useStrings(vscode.l10n.bundle);
  const logger = vscode.window.createOutputChannel('Aloft', { log: true });
  const root = context.globalStorageUri.fsPath;
  const clock = systemClock;
  const workspace = new WorkspaceContext();
  const jobSecrets = credentials(context.secrets, 'job');

  const connections = new LazyConnections({
    context,
    entries: providerEntries,
    local: {
      id: 'local' as ConnectionId,
      providerId: 'local',
      label: 'This machine',
      settings: async () => localSettings(context.extensionUri, join(root, 'local')),
    },
    root,
    clock,
    logger,
    engine: async () => await host.engine(),
  });

  const start = async (): Promise<Engine> => {
    const { Engine: EngineClass } = await import('./engine/engine.ts');
    const { catalog } = await connections.part();
    await mkdir(root, { recursive: true });
    return EngineClass.start({
      root,
      clock,
      logger,
      connections: catalog,
      secrets: jobSecrets,
      maxFileBytes: () => readSettings().maxUploadFileBytes,
      maySubmit: () => vscode.workspace.isTrusted,
    });
  };
  const host = new EngineHost({ start, logger });
  host.onDidStart(() => {
    connections
      .part()
      .then(async (part) => await part.sweep())
      .catch((error: unknown) => {
        logger.warn('what removed connections left could not be cleared away', error);
      });
  });

  let lastMinted: RunId | undefined;
  const mint = (): RunId => {
    lastMinted = mintRunId(clock.now(), (count) => randomBytes(count), lastMinted);
    return lastMinted;
  };

  const aloft = new Aloft({
    context,
    logger,
    clock,
    root,
    host,
    workspace,
    jobSecrets,
    connections: connections.part,
    mintRunId: mint,
  });
  context.subscriptions.push(aloft, workspace, logger);
  end = async () => {
    await host.dispose();
    await connections.dispose();
  };
}

/** VS Code waits for it, for some seconds, before it disposes the rest. */
export async function deactivate(): Promise<void> {
  await end();
}

function localSettings(extensionUri: vscode.Uri, root: string): JsonObject {
  const { localSlots, localGraceSeconds } = readSettings();
  return {
    root,
    supervisorPath: vscode.Uri.joinPath(extensionUri, 'dist', 'supervisor.js').fsPath,
    nodePath: process.execPath,
    graceSeconds: localGraceSeconds,
    ...(localSlots === null ? {} : { slots: localSlots }),
  };
}

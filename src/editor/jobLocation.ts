import * as vscode from 'vscode';

import type { RunId } from '../core/job.ts';
import type { Location } from '../core/provider.ts';
import type { Engine } from '../engine/engine.ts';

type RemoteFolder = Extract<Location, { readonly kind: 'remoteFolder' }>;

/** Shows where a job is to be found outside Aloft: its run folder here or elsewhere, or its page in the provider's console. */
export async function openLocation(engine: Engine, runId: RunId): Promise<void> {
  const location = await engine.accepted.location(runId);
  switch (location?.kind) {
    case undefined:
      void vscode.window.showInformationMessage(vscode.l10n.t('This job has no run folder yet.'));
      break;
    case 'url':
      await vscode.env.openExternal(vscode.Uri.parse(location.url, true));
      break;
    case 'remoteFolder':
      await offerRemoteFolder(location);
      break;
    case 'folder':
      await openFolder(vscode.Uri.file(location.path));
      break;
  }
}

async function openFolder(folder: vscode.Uri): Promise<void> {
  if (vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined) {
    await vscode.commands.executeCommand('revealFileInOS', folder);
  } else {
    await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow: true });
  }
}

/** The path of another machine means nothing here: it can be copied, and opened where VS Code can reach that machine. */
async function offerRemoteFolder({ host, path }: RemoteFolder): Promise<void> {
  const copy = vscode.l10n.t('Copy Path');
  const open = vscode.l10n.t('Open over SSH');
  const reachable = vscode.extensions.getExtension('ms-vscode-remote.remote-ssh') !== undefined;
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('The run folder is {0} on {1}.', path, host),
    ...(reachable ? [open, copy] : [copy]),
  );
  if (chosen === copy) {
    await vscode.env.clipboard.writeText(path);
  } else if (chosen === open) {
    const folder = vscode.Uri.from({ scheme: 'vscode-remote', authority: `ssh-remote+${host}`, path });
    await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow: true });
  }
}

import { randomBytes } from 'node:crypto';

import * as vscode from 'vscode';

/**
 * What VS Code does by itself with a log, to be measured beside Aloft's viewer, and the least that it takes for a webview to show
 * anything. The bench installs it, see peers.ts.
 */
export function activate(context: vscode.ExtensionContext): void {
  const register = (name: string, run: () => Promise<void> | void): void => {
    context.subscriptions.push(vscode.commands.registerCommand(name, run));
  };
  register('peers.panel', async () => {
    if ((await chosen()) !== undefined) {
      showPanel();
    }
  });
  register('peers.editor', async () => {
    const file = await chosen();
    if (file !== undefined) {
      await vscode.commands.executeCommand('vscode.open', file);
    }
  });
  register('peers.output', () => {
    context.subscriptions.push(print());
  });
}

async function chosen(): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const files = await vscode.window.showOpenDialog({
    openLabel: 'Open Log',
    ...(folder === undefined ? {} : { defaultUri: folder }),
  });
  return files?.[0];
}

/** Of the size of the rows of a log that are in sight; VS Code compresses what it sends. */
const answer = randomBytes(6 * 1024).toString('base64');

/** A page that shows a word, and answers nothing but what it is asked from outside. */
function showPanel(): void {
  const { webview } = vscode.window.createWebviewPanel('peers.panel', 'Peer', vscode.ViewColumn.Active, {
    enableScripts: true,
  });
  webview.onDidReceiveMessage(async () => {
    await webview.postMessage(answer);
  });
  webview.html = `<!DOCTYPE html>
<html>
<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-peer'"></head>
<body>
<p class="peer">peer</p>
<script type="module" nonce="peer">
const { postMessage } = acquireVsCodeApi();
globalThis.ask = () => new Promise((resolve) => {
  addEventListener('message', resolve, { once: true });
  postMessage('ask');
});
</script>
</body>
</html>`;
}

const seconds = 8;
const linesPerMs = 100;
const line = 'step=12 loss=2.31 lr=3e-4 tokens per second 41233 grad norm 0.8 memory 63.2 GiB and so on and on \n';

/** 100,000 lines a second, some of which say when they were printed. */
function print(): vscode.Disposable {
  const channel = vscode.window.createOutputChannel('Peers');
  channel.show(true);
  const end = Date.now() + seconds * 1000;
  let due = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    channel.append(`${line.repeat(Math.max(0, (now - due) * linesPerMs - 1))}printed ${now}\n`);
    due = now;
    if (now > end) {
      clearInterval(timer);
    }
  }, 5);
  return channel;
}

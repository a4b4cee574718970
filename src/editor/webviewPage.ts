import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import * as vscode from 'vscode';

import { htmlText } from './htmlText.ts';

export interface WebviewPage {
  /** File name under dist/webview, without ending. */
  readonly name: 'submit' | 'job' | 'log';
  /** May come from a job or a file: any text. */
  readonly title: string;
}

/** What a webview may load: its own bundle and nothing else. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')] };
}

/** Of a tab that shows a job or a log. */
export function panelIcon(extensionUri: vscode.Uri): { readonly light: vscode.Uri; readonly dark: vscode.Uri } {
  const icon = (theme: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'media', `job-${theme}.svg`);
  return { light: icon('light'), dark: icon('dark') };
}

/**
 * The only place that writes HTML. Of users, jobs and providers there is nothing in it but the title. Style and script are part of
 * it: VS Code keeps a page hidden, and its messages back, until all is there that it asked for, over several hops and
 * perhaps a slow link. Icons come after that, see `connectHost`, and curves when they are looked at, see `loadMetrics`. The script is a
 * module, as those run a little later: VS Code waits 200 ms for the end of loading when it missed that.
 */
export function webviewHtml(webview: vscode.Webview, extensionUri: vscode.Uri, page: WebviewPage): string {
  const nonce = randomBytes(16).toString('base64');
  const asset = (file: string): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'dist', 'webview', file);
  const address = (file: string): string => webview.asWebviewUri(asset(file)).toString();
  const content = (file: string): string => readFileSync(asset(file).fsPath, 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    'worker-src blob:',
  ].join('; ');
  // The bundler leaves no end of a script or style in them; this would hide the end that follows.
  const script = content(`${page.name}.js`).replaceAll('<!--', String.raw`<\!--`);
  const strings = Buffer.from(JSON.stringify(vscode.l10n.bundle ?? {})).toString('base64');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="csp-nonce" property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(page.title)}</title>
<style nonce="${nonce}">${content(`${page.name}.css`)}</style>
</head>
<body data-strings="${strings}" data-icons="${address('codicon.css')}" data-metrics="${address('metrics.js')}">
<div id="root"></div>
<script type="module" nonce="${nonce}">${script}</script>
</body>
</html>`;
}

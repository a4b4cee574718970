import { randomBytes } from 'node:crypto';

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

/** The only place that writes HTML. Of users, jobs and providers there is nothing in it but the title. */
export function webviewHtml(webview: vscode.Webview, extensionUri: vscode.Uri, page: WebviewPage): string {
  const nonce = randomBytes(16).toString('base64');
  const asset = (file: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', file)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    'worker-src blob:',
  ].join('; ');
  const strings = Buffer.from(JSON.stringify(vscode.l10n.bundle ?? {})).toString('base64');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="csp-nonce" property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlText(page.title)}</title>
<link rel="stylesheet" href="${asset('codicon.css')}">
<link rel="stylesheet" href="${asset(`${page.name}.css`)}">
</head>
<body data-strings="${strings}">
<div id="root"></div>
<script nonce="${nonce}" src="${asset(`${page.name}.js`)}"></script>
</body>
</html>`;
}

import * as vscode from 'vscode';

import type { ConnectionInfo } from '../../engine/connections.ts';
import { errorSentence, nativeWords } from '../errorSentence.ts';
import { isProviderError } from '../../core/providerError.ts';
import { oneLine } from '../hostileText.ts';
import type { Next } from './addProvider.ts';
import type { ProviderEntry } from './providerCatalog.ts';

/** Which provider to set up. */
export async function pickKind(entries: readonly ProviderEntry[]): Promise<ProviderEntry | undefined> {
  const items = entries.flatMap((entry) =>
    entry.setUp === undefined
      ? []
      : [{ label: entry.label, detail: entry.setUp.needs, iconPath: new vscode.ThemeIcon(entry.setUp.icon), entry }],
  );
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Add Provider'),
    placeHolder: vscode.l10n.t('What do you want to run jobs on?'),
    matchOnDetail: true,
    // VS Code hears late that the form which asked has the keyboard, and may give it the keyboard again.
    ignoreFocusOut: true,
  });
  return picked?.entry;
}

/** Which connection a command is about. */
export async function pickConnection(
  infos: readonly ConnectionInfo[],
  placeHolder: string,
): Promise<ConnectionInfo | undefined> {
  const items = infos.map((info) => ({ label: withoutIcons(info.label), description: info.id, info }));
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.info;
}

/** Says what went wrong with a connection and asks what to do; it stays until it is answered. */
export async function whatNext(
  label: string,
  error: unknown,
  choices: readonly Exclude<Next, undefined>[],
): Promise<Next> {
  const titles: Readonly<Record<Exclude<Next, undefined>, string>> = {
    retry: vscode.l10n.t('Retry'),
    change: vscode.l10n.t('Change…'),
    add: vscode.l10n.t('Add Anyway'),
  };
  const message = isProviderError(error) ? error.message : errorSentence(error);
  const remedy = isProviderError(error) ? (error.remedy ?? '') : '';
  const raw = oneLine(nativeWords(error) ?? '', 600);
  const detail = [oneLine(message, 600), oneLine(remedy, 600), raw === oneLine(message, 600) ? '' : raw];
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('{0} cannot be used yet', label),
    { modal: true, detail: detail.filter((line) => line !== '').join('\n\n') },
    ...choices.map((choice) => titles[choice]),
  );
  return choices.find((choice) => titles[choice] === chosen);
}

/** A quick pick draws `$(name)` as an icon, unless it is escaped. */
function withoutIcons(text: string): string {
  return text.replaceAll('$(', String.raw`\$(`);
}

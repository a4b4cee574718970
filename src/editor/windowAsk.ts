import * as vscode from 'vscode';

import type { Ask, ChooseQuestion } from '../core/ask.ts';
import { acceptedValue } from './acceptedValue.ts';

/** Asks in VS Code's own quick input and dialogs. */
export const windowAsk: Ask = {
  choose: async (question, signal) =>
    await untilAborted(
      signal,
      async (token) => await (question.mayType ? chooseOrType(question, token) : choose(question, token)),
    ),
  type: async ({ title, prompt, value, isSecret, check }, signal) =>
    await untilAborted(
      signal,
      async (token) =>
        await vscode.window.showInputBox(
          { title, prompt, value, password: isSecret, ignoreFocusOut: true, validateInput: check },
          token,
        ),
    ),
  confirm: async ({ title, detail, yes }, signal) =>
    (await untilAborted(
      signal,
      async () => await vscode.window.showWarningMessage(title, { modal: true, detail }, yes),
    )) === yes,
};

interface ValueItem extends vscode.QuickPickItem {
  readonly value: string;
}

async function choose(
  { title, placeholder, choices }: ChooseQuestion,
  token: vscode.CancellationToken,
): Promise<string | undefined> {
  const options = {
    title,
    placeHolder: placeholder,
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  };
  return (await vscode.window.showQuickPick<ValueItem>([...choices], options, token))?.value;
}

/** What was typed is the last item, as long as no choice is called so. */
async function chooseOrType(
  { title, placeholder, choices }: ChooseQuestion,
  token: vscode.CancellationToken,
): Promise<string | undefined> {
  const pick = vscode.window.createQuickPick<ValueItem>();
  const answer = Promise.withResolvers<string | undefined>();
  const subscription = token.onCancellationRequested(() => {
    pick.hide();
  });
  pick.title = title;
  pick.placeholder = placeholder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  pick.items = choices;
  pick.onDidChangeValue((value) => {
    const typed = value.trim();
    const isChoice = typed === '' || choices.some(({ label }) => label === typed);
    pick.items = isChoice
      ? choices
      : [...choices, { value: typed, label: vscode.l10n.t('Use "{0}"', typed), alwaysShow: true }];
  });
  pick.onDidAccept(() => {
    const value = acceptedValue(pick.value, pick.activeItems[0], choices);
    if (value !== undefined) {
      answer.resolve(value);
      pick.hide();
    }
  });
  pick.onDidHide(() => {
    answer.resolve(undefined);
  });
  pick.show();
  try {
    return await answer.promise;
  } finally {
    subscription.dispose();
    pick.dispose();
  }
}

async function untilAborted<T>(signal: AbortSignal, ask: (token: vscode.CancellationToken) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const source = new vscode.CancellationTokenSource();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    source.cancel();
    aborted.reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([ask(source.token), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    source.dispose();
  }
}

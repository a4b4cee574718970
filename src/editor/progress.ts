import * as vscode from 'vscode';

/** Turns VS Code's token into a signal, for the length of one task. */
export async function withSignal<T>(
  token: vscode.CancellationToken,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(new DOMException('Cancelled', 'AbortError'));
  };
  if (token.isCancellationRequested) {
    abort();
  }
  const subscription = token.onCancellationRequested(abort);
  try {
    return await task(controller.signal);
  } finally {
    subscription.dispose();
  }
}

/** Progress in a notification with a Cancel button; only for what a person asked for and waits on. */
export async function withProgress<T>(
  title: string,
  task: (signal: AbortSignal, report: (message: string) => void) => Promise<T>,
): Promise<T> {
  return await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) =>
      await withSignal(
        token,
        async (signal) =>
          await task(signal, (message) => {
            progress.report({ message });
          }),
      ),
  );
}

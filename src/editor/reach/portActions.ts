import * as vscode from 'vscode';

import type { RunId } from '../../core/job.ts';
import type { Engine } from '../../engine/engine.ts';
import { withProgress } from '../progress.ts';
import { showError } from '../showError.ts';
import { windowAsk } from '../windowAsk.ts';
import { mayReach } from './mayReach.ts';
import { pickMember } from './pickMember.ts';
import { parsePort } from './parsePort.ts';
import { type LostForward, type OpenForward, PortForwards } from './portForwards.ts';

/** What people look at in a browser while a job runs, most likely first. */
const usualPorts = [
  ['6006', 'TensorBoard'],
  ['8888', 'Jupyter'],
  ['8265', 'Ray'],
  ['8080', 'HTTP'],
] as const;

/** What can be done with ports of jobs. */
export class PortActions implements vscode.Disposable {
  readonly forwards: PortForwards;
  readonly #engine: () => Promise<Engine>;
  readonly #subscription: { dispose(): void };

  constructor(engine: () => Promise<Engine>) {
    this.#engine = engine;
    this.forwards = new PortForwards({
      open: async ({ runId, member, remotePort }, signal) =>
        await (await engine()).accepted.forwardPort(runId, member, remotePort, signal),
      addressOf: async (localPort) => {
        const uri = await vscode.env.asExternalUri(vscode.Uri.parse(`http://127.0.0.1:${localPort}`, true));
        return uri.toString();
      },
    });
    this.#subscription = this.forwards.onDidLose((lost) => {
      this.#tellLoss(lost).catch(showError);
    });
  }

  /** Asks which port and makes it reachable here; says why where that cannot be. */
  async forward(runId: RunId): Promise<void> {
    const job = await mayReach(await this.#engine(), runId, 'portForward');
    const member = job && (await pickMember(job, vscode.l10n.t('Where does the port listen?')));
    if (job === undefined || member === undefined) {
      return;
    }
    const title = vscode.l10n.t('Forward a port of {0}', job.name);
    const typed = await windowAsk.choose(
      {
        title,
        placeholder: vscode.l10n.t('Choose a port of the job, or type its number'),
        choices: usualPorts.map(([value, description]) => ({ value, label: value, description })),
        mayType: true,
      },
      new AbortController().signal,
    );
    const remotePort = typed === undefined ? undefined : parsePort(typed);
    if (typed !== undefined && remotePort === undefined) {
      void vscode.window.showWarningMessage(vscode.l10n.t('{0} is no port. Type a number from 1 to 65535.', typed));
    }
    if (remotePort === undefined) {
      return;
    }
    const label = member.name === '' ? String(remotePort) : vscode.l10n.t('{0} of {1}', remotePort, member.name);
    const forward = await withProgress(
      title,
      async (signal) => await this.forwards.open({ runId, member, remotePort, label }, signal),
    );
    await this.#offer(forward, job.name);
  }

  async #offer(forward: OpenForward, jobName: string): Promise<void> {
    const open = vscode.l10n.t('Open in Browser');
    const copy = vscode.l10n.t('Copy Address');
    const stop = vscode.l10n.t('Stop');
    const chosen = await vscode.window.showInformationMessage(
      vscode.l10n.t('Port {0} of {1} is at {2}.', forward.label, jobName, forward.address),
      open,
      copy,
      stop,
    );
    if (chosen === open) {
      await this.open(forward.id);
    } else if (chosen === copy) {
      await this.copy(forward.id);
    } else if (chosen === stop) {
      this.forwards.stop(forward.id);
    }
  }

  async open(id: string): Promise<void> {
    const forward = this.forwards.get(id);
    if (forward !== undefined) {
      await vscode.env.openExternal(vscode.Uri.parse(`http://127.0.0.1:${forward.localPort}`, true));
    }
  }

  async copy(id: string): Promise<void> {
    const forward = this.forwards.get(id);
    if (forward !== undefined) {
      await vscode.env.clipboard.writeText(forward.address);
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied {0}', forward.address), 3_000);
    }
  }

  /** That a port goes with its job needs no word. */
  async #tellLoss({ forward, reason }: LostForward): Promise<void> {
    const { runId } = forward;
    const job = (await this.#engine()).store.job(runId);
    if (job?.state !== 'running') {
      return;
    }
    const again = vscode.l10n.t('Forward Again');
    const chosen = await vscode.window.showWarningMessage(
      vscode.l10n.t('Port {0} of {1} is not forwarded any more: {2}.', forward.label, job.name, reason),
      again,
    );
    if (chosen === again) {
      const { member, remotePort, label } = forward;
      const wanted = { runId, member, remotePort, label };
      await withProgress(again, async (signal) => await this.forwards.open(wanted, signal));
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.forwards.dispose();
  }
}

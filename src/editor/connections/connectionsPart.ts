import { join } from 'node:path';

import * as vscode from 'vscode';

import { Emitter } from '../../core/event.ts';
import type { ConnectionId } from '../../core/job.ts';
import type { Clock } from '../../core/ports.ts';
import type { ConnectionInfo } from '../../engine/connections.ts';
import type { Engine } from '../../engine/engine.ts';
import { credentials } from '../credentials.ts';
import { useStrings } from '../l10n.ts';
import { mementoValues } from '../mementoValues.ts';
import { windowAccounts } from '../windowAccounts.ts';
import { windowAsk } from '../windowAsk.ts';
import { ConnectionActions } from './connectionActions.ts';
import { ConnectionFolders } from './connectionFolders.ts';
import { ConnectionHealth } from './connectionHealth.ts';
import { ListedSecrets } from './listedSecrets.ts';
import { Places } from './places.ts';
import { type ConfiguredConnection, ProviderCatalog, type ProviderEntry } from './providerCatalog.ts';
import { ProviderTree } from './providerTree.ts';
import { SettingConnections } from './settingConnections.ts';
import { SignInWatch } from './signInWatch.ts';

export interface ConnectionsDeps {
  readonly context: Pick<vscode.ExtensionContext, 'secrets' | 'globalState'>;
  readonly entries: readonly ProviderEntry[];
  /** This machine, which is always there. */
  readonly local: ConfiguredConnection;
  /** The folder shared by every window. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: vscode.LogOutputChannel;
  readonly engine: () => Promise<Engine>;
}

/** Rows say how long ago something was, so they are drawn again this often while they are seen, in ms. */
const redrawEvery = 30_000;

/** Everything about connections, in a bundle of its own: loaded when the engine starts or somebody looks at them. */
export class ConnectionsPart {
  readonly catalog: ProviderCatalog;
  readonly health: ConnectionHealth;
  readonly actions: ConnectionActions;
  readonly tree: ProviderTree;
  readonly places: Places;
  readonly #folders: ConnectionFolders;
  readonly #deps: ConnectionsDeps;
  readonly #configured: SettingConnections;
  readonly #signIns: SignInWatch;
  readonly #rows = new Emitter<void>();
  #timer: NodeJS.Timeout | undefined;

  /** A row of the Providers view may have changed. */
  readonly onDidChangeRows = this.#rows.event;

  constructor(deps: ConnectionsDeps) {
    // The texts of this bundle are its own to translate.
    useStrings(vscode.l10n.bundle);
    const { context, entries, local, root, clock, logger, engine } = deps;
    const secrets = (id: ConnectionId): ListedSecrets =>
      new ListedSecrets(
        credentials(context.secrets, `connection/${id}`),
        mementoValues(context.globalState, `connectionSecrets/${id}`),
      );
    const redraw = (): void => {
      this.#rows.fire();
    };
    const filesRoot = join(root, 'connections');
    this.#deps = deps;
    this.#configured = new SettingConnections(local);
    this.catalog = new ProviderCatalog(entries, this.#configured, {
      clock,
      logger,
      ask: windowAsk,
      accounts: windowAccounts,
      secrets,
      keyValue: (id) => mementoValues(context.globalState, `connection/${id}`),
      labels: mementoValues(context.globalState, 'connectionLabel'),
      filesRoot,
    });
    const { catalog } = this;
    this.#folders = new ConnectionFolders({
      root: filesRoot,
      clock,
      connections: () => catalog.list(),
      used: async () => (await engine()).store.usedConnections(),
    });
    this.health = new ConnectionHealth({ connections: catalog, clock, logger });
    this.actions = new ConnectionActions({
      engine,
      catalog,
      health: this.health,
      ask: windowAsk,
      accounts: windowAccounts,
      clock,
      logger,
      secrets,
      folders: this.#folders,
    });
    this.tree = new ProviderTree(catalog, this.health);
    this.places = new Places(catalog, this.health, clock);
    this.health.onDidChange(redraw);
    this.#signIns = new SignInWatch({
      health: this.health,
      list: () => catalog.list(),
      clock,
      liveJobs: async (id) => await this.actions.liveJobs(id),
      isFirst: async (id, expiresAt) => await this.#isFirst(`signInWarned/${id}`, String(expiresAt)),
      tell: (info, minutes, jobs) => {
        this.#tell(info, minutes, jobs);
      },
      due: redraw,
    });
  }

  /** Whether the Providers view can be seen. */
  setVisible(isVisible: boolean): void {
    this.health.setLooking(this, isVisible);
    clearInterval(this.#timer);
    this.#timer = isVisible
      ? setInterval(() => {
          this.#rows.fire();
        }, redrawEvery).unref()
      : undefined;
  }

  /** Clears away what removed connections left. While an entry cannot be read it is not known whose folder is whose. */
  async sweep(): Promise<void> {
    if (this.catalog.broken().length === 0) {
      await this.#folders.sweep();
    }
  }

  /** The store is shared by all windows. */
  async #isFirst(name: string, value: string): Promise<boolean> {
    const { store } = await this.#deps.engine();
    const isFirst = store.value(name) !== value;
    store.setValue(name, value);
    return isFirst;
  }

  #tell({ id, label }: ConnectionInfo, minutes: number, jobs: number): void {
    const signIn = vscode.l10n.t('Sign In Again');
    const message =
      jobs === 1
        ? vscode.l10n.t('Your sign-in to {0} ends in {1} min; a job there has not ended.', label, minutes)
        : vscode.l10n.t('Your sign-in to {0} ends in {1} min; {2} jobs there have not ended.', label, minutes, jobs);
    vscode.window.showWarningMessage(message, signIn).then(
      async (chosen) => {
        if (chosen === signIn) {
          await this.actions.test(id, true);
        }
      },
      () => undefined,
    );
  }

  /** Resolves when every connection has let go of what it held; jobs go on. */
  async dispose(): Promise<void> {
    clearInterval(this.#timer);
    this.#signIns.dispose();
    this.actions.dispose();
    this.places.dispose();
    this.health.dispose();
    this.#rows.dispose();
    this.#configured.dispose();
    await this.catalog.dispose();
  }
}

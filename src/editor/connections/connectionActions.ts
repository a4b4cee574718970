import * as vscode from 'vscode';

import type { ConnectionId } from '../../core/job.ts';
import type { Ask } from '../../core/ask.ts';
import type { Accounts, Clock, Logger } from '../../core/ports.ts';
import { isProviderError } from '../../core/providerError.ts';
import type { ConnectionInfo } from '../../engine/connections.ts';
import type { Engine } from '../../engine/engine.ts';
import { isAbort } from '../errorSentence.ts';
import { oneLine, plain } from '../hostileText.ts';
import { withProgress } from '../progress.ts';
import { onDidChangeSetting, personalSetting, setPersonalSetting } from '../settings.ts';
import { addProvider } from './addProvider.ts';
import type { ConnectionFolders } from './connectionFolders.ts';
import type { ConnectionHealth } from './connectionHealth.ts';
import { pickConnection, pickKind, whatNext } from './connectionPicks.ts';
import { withConnection, withLabel, withoutConnection } from './editConnections.ts';
import type { ListedSecrets } from './listedSecrets.ts';
import type { ProviderCatalog } from './providerCatalog.ts';
import { type BrokenConnection, type EntryOf, parseConnections } from './savedConnections.ts';
import { SharedSetting } from './sharedSetting.ts';
import { signInAgain, triedSentence, tryConnection } from './tryConnection.ts';

export interface ConnectionActionsDeps {
  readonly engine: () => Promise<Engine>;
  readonly catalog: ProviderCatalog;
  readonly health: ConnectionHealth;
  readonly ask: Ask;
  readonly accounts?: Accounts | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: (id: ConnectionId) => ListedSecrets;
  readonly folders: Pick<ConnectionFolders, 'leave'>;
}

const setting = 'connections';

/** What a person can do with connections. Those about one take it, or ask which. */
export class ConnectionActions {
  readonly #deps: ConnectionActionsDeps;
  readonly #setting: SharedSetting;

  constructor(deps: ConnectionActionsDeps) {
    this.#deps = deps;
    this.#setting = new SharedSetting({
      read: () => personalSetting(setting),
      write: async (value) => {
        await setPersonalSetting(setting, value);
      },
      onDidChange: (listener) => onDidChangeSetting(setting, listener),
      failed: (error) => {
        deps.logger.warn('a change of the connections was lost to another window', error);
      },
    });
  }

  /** Resolves to what was added, or was there already, and whether jobs can be sent there. */
  async add(): Promise<{ readonly id: ConnectionId; readonly isReady: boolean } | undefined> {
    const { catalog, health, ask, accounts, clock, logger } = this.#deps;
    const added = await addProvider({
      ask,
      accounts,
      clock,
      logger,
      load: async (entry) => await catalog.load(entry),
      ports: (id) => catalog.ports(id),
      isAsking: (id) => catalog.isAsking(id),
      known: () => this.#known(),
      pickKind: async () => await pickKind(catalog.entries),
      progress: withProgress,
      failed: whatNext,
      save: async (connection, open) => {
        if (open !== undefined) {
          catalog.adopt(connection.id, connection.settings, open);
        }
        try {
          await this.#setting.change((written) => withConnection(written, connection));
        } catch (error) {
          catalog.reconnect(connection.id);
          throw error;
        }
      },
    });
    if (added === undefined) {
      return undefined;
    }
    const { id, label } = added.connection;
    if (added.kind === 'there') {
      void vscode.window.showInformationMessage(plain(vscode.l10n.t('That is set up here already, as {0}.', label)));
    } else if (added.tried === null) {
      void health.ask(id);
    } else {
      health.note(id, added.tried.identity, added.tried.offers);
      this.#tellAdded(id, triedSentence(label, added.tried));
    }
    return { id, isReady: added.kind === 'there' || added.tried !== null };
  }

  #known() {
    const { usable, broken } = parseConnections(personalSetting(setting));
    return {
      usable,
      ids: new Set(usable.map(({ id }) => String(id))),
      labels: new Set([...this.#deps.catalog.list(), ...broken].map(({ label }) => label)),
    };
  }

  #tellAdded(id: ConnectionId, sentence: string): void {
    const rename = vscode.l10n.t('Rename…');
    vscode.window.showInformationMessage(plain(sentence), rename).then(
      async (chosen) => {
        const info = this.#deps.catalog.list().find((other) => other.id === id);
        if (chosen === rename && info !== undefined) {
          await this.#rename(info);
        }
      },
      () => undefined,
    );
  }

  async rename(clicked: unknown): Promise<void> {
    const info = await this.#chosen(clicked, vscode.l10n.t('Rename which connection?'), isAdded);
    if (info !== undefined) {
      await this.#rename(info);
    }
  }

  async #rename({ id, label }: ConnectionInfo): Promise<void> {
    const { catalog } = this.#deps;
    const taken = new Set(catalog.list().flatMap((other) => (other.id === id ? [] : [other.label])));
    const typed = await vscode.window.showInputBox({
      title: vscode.l10n.t('Rename {0}', label),
      value: label,
      validateInput: (text) => {
        const name = oneLine(text, 60);
        return name === ''
          ? vscode.l10n.t('Give it a name.')
          : taken.has(name)
            ? vscode.l10n.t('Another connection has this name.')
            : null;
      },
    });
    if (typed !== undefined) {
      await this.#setting.change((written) => withLabel(written, id, oneLine(typed, 60)));
    }
  }

  async remove(clicked: unknown): Promise<void> {
    const broken = brokenEntryOf(clicked);
    if (broken !== undefined) {
      await setPersonalSetting(setting, withoutConnection(personalSetting(setting), broken));
      return;
    }
    const info = await this.#chosen(clicked, vscode.l10n.t('Remove which connection?'), isAdded);
    if (info === undefined || !(await this.#mayRemove(info))) {
      return;
    }
    const { id } = info;
    await this.#setting.change((written) => withoutConnection(written, { id }));
    await this.#deps.secrets(id).deleteAll();
    await this.#deps.folders.leave(id);
  }

  /** How many jobs there have not ended. */
  async liveJobs(id: ConnectionId): Promise<number> {
    const { store } = await this.#deps.engine();
    return store.summaries({ groups: ['running', 'waiting'] }).filter((job) => job.connectionId === id).length;
  }

  /** Asks when jobs there have not ended. */
  async #mayRemove({ id, label }: ConnectionInfo): Promise<boolean> {
    const live = await this.liveJobs(id);
    if (live === 0) {
      return true;
    }
    const yes = vscode.l10n.t('Remove');
    const detail = vscode.l10n.t(
      'They go on there, but nothing is followed any more: no state, no log, no results. Add it again to find them.',
    );
    const message =
      live === 1
        ? vscode.l10n.t('A job on {0} has not ended. Remove {0} all the same?', label)
        : vscode.l10n.t('{1} jobs on {0} have not ended. Remove {0} all the same?', label, live);
    return (await vscode.window.showWarningMessage(message, { modal: true, detail }, yes)) === yes;
  }

  /** Asks it who we are and what is free, and shows the answer. `anew`: signs in again first. */
  async test(clicked: unknown, anew: boolean): Promise<void> {
    const question = anew ? vscode.l10n.t('Sign in again where?') : vscode.l10n.t('Test which connection?');
    const info = await this.#chosen(clicked, question, () => true);
    if (info === undefined) {
      return;
    }
    const { id, label } = info;
    const { catalog, health, clock, logger } = this.#deps;
    let signsIn = anew;
    for (let again = anew; ; again = true) {
      if (again) {
        catalog.reconnect(id);
      }
      try {
        const connection = await catalog.open(id);
        const tried = await withProgress(vscode.l10n.t('Connecting to {0}', label), async (signal, report) => {
          if (signsIn && !(await signInAgain(connection, signal, report))) {
            return undefined;
          }
          return await tryConnection(connection, clock, () => catalog.isAsking(id), signal, report);
        });
        if (tried !== undefined) {
          health.note(id, tried.identity, tried.offers);
          void vscode.window.showInformationMessage(plain(triedSentence(label, tried)));
        }
        return;
      } catch (error) {
        if (isAbort(error)) {
          return;
        }
        logger.warn(`${id} did not pass its test`, error);
        health.fail(id, error);
        if ((await whatNext(label, error, ['retry'])) !== 'retry') {
          return;
        }
        signsIn &&= isProviderError(error) && error.tag === 'auth';
      }
    }
  }

  dispose(): void {
    this.#setting.dispose();
  }

  async #chosen(
    clicked: unknown,
    question: string,
    fits: (info: ConnectionInfo) => boolean,
  ): Promise<ConnectionInfo | undefined> {
    const infos = this.#deps.catalog.list().filter(fits);
    const id = idOf(clicked);
    return id === undefined ? await pickConnection(infos, question) : infos.find((info) => info.id === id);
  }
}

function isAdded({ id }: ConnectionInfo): boolean {
  return id !== 'local';
}

/** Of a row of the Providers view, or an id. */
function idOf(clicked: unknown): string | undefined {
  if (typeof clicked === 'string') {
    return clicked;
  }
  const info: unknown = typeof clicked === 'object' && clicked !== null ? Reflect.get(clicked, 'info') : undefined;
  return typeof info === 'object' && info !== null && 'id' in info && typeof info.id === 'string' ? info.id : undefined;
}

/** The entry behind a row of one that is badly set up. */
function brokenEntryOf(clicked: unknown): EntryOf | undefined {
  const broken: unknown = typeof clicked === 'object' && clicked !== null ? Reflect.get(clicked, 'broken') : undefined;
  return isBroken(broken) ? broken.entry : undefined;
}

function isBroken(value: unknown): value is BrokenConnection {
  return typeof value === 'object' && value !== null && 'entry' in value && 'reason' in value;
}

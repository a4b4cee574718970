import type { Logger } from '../../core/ports.ts';
import type { OpenLog } from '../../engine/log/openLog.ts';
import type { LogToHost } from '../../protocol/logView.ts';
import { packed, type PackedToWebview } from '../../protocol/packedRows.ts';
import { isAbort } from '../errorSentence.ts';
import { showError } from '../showError.ts';
import { copyRows, openLink, saveLog, showAsDocument } from './logActions.ts';
import type { LogDocuments } from './logDocuments.ts';
import { LogSession } from './logSession.ts';
import { SessionLinks, type SessionLinksDeps } from './sessionLinks.ts';

export interface LogViewerDeps {
  readonly post: (message: PackedToWebview) => Promise<boolean>;
  /** undefined while there is nothing to look at. */
  readonly open: () => OpenLog | undefined;
  /** See SessionLinks. */
  readonly links: SessionLinksDeps['links'];
  readonly openFile: (path: string, line: number) => Promise<void>;
  /** For the names of files and tabs. */
  readonly name: () => string;
  readonly id: string;
  readonly documents: LogDocuments;
  readonly logger: Logger;
}

/** The extension's side of one log viewer: begins when the webview is ready, ends when it is hidden. */
export class LogViewer {
  readonly #deps: LogViewerDeps;
  readonly #links: SessionLinks;
  #session: LogSession | undefined;
  /** It is not known yet whether the webview is there. */
  #isAhead = false;
  #reveal: number | undefined;
  /** What was asked for before there was anything to look at. */
  #find: LogToHost | undefined;
  #filter: LogToHost | undefined;

  constructor(deps: LogViewerDeps) {
    this.#deps = deps;
    this.#links = new SessionLinks(deps);
  }

  /** Begins while its webview is still being made, which shows what it is told as soon as it can. */
  startAhead(): void {
    this.#look();
    this.#isAhead = true;
  }

  /** Looks at the log from its end on, anew if it did before. */
  async start(): Promise<void> {
    const isAhead = this.#isAhead;
    this.#isAhead = false;
    if (isAhead) {
      this.#session?.tellAgain();
    } else {
      this.#look();
    }
    for (const wanted of [this.#filter, this.#find]) {
      await (wanted === undefined ? undefined : this.handle(wanted));
    }
    await this.#showRevealed();
  }

  #look(): void {
    this.stop();
    const log = this.#deps.open();
    if (log !== undefined) {
      const session = new LogSession({
        log,
        post: async (message) => await this.#deps.post(packed(message)),
        drawn: () => {
          this.#links.begin(session);
        },
      });
      this.#session = session;
    }
  }

  /** It may be known now what in the log leads to files. */
  linkAgain(): void {
    this.#links.lookAgain();
  }

  stop(): void {
    this.#isAhead = false;
    this.#links.end();
    this.#session?.dispose();
    this.#session = undefined;
  }

  get isLooking(): boolean {
    return this.#session !== undefined;
  }

  /** Shows a line, as soon as the log is there. */
  async reveal(line: number): Promise<void> {
    this.#reveal = line;
    await this.#showRevealed();
  }

  async #showRevealed(): Promise<void> {
    const line = this.#reveal;
    if (line !== undefined && this.#session !== undefined && !this.#isAhead) {
      this.#reveal = undefined;
      await this.#session.reveal(line);
    }
  }

  /** Never rejects: what the person asked for and did not get is shown. */
  async handle(message: LogToHost): Promise<void> {
    if (message.type === 'logFind') {
      this.#find = message;
    } else if (message.type === 'logFilter') {
      this.#filter = message;
    }
    const session = this.#session;
    if (session === undefined) {
      return;
    }
    try {
      await this.#fulfil(session, message);
    } catch (error) {
      if (!isAbort(error)) {
        this.#deps.logger.error(`${message.type} failed`, error);
        if (asked.has(message.type)) {
          void showError(error);
        }
      }
    }
  }

  async #fulfil(session: LogSession, message: LogToHost): Promise<void> {
    const { documents, id, name, openFile } = this.#deps;
    switch (message.type) {
      case 'logPainted':
        session.painted(message.id);
        break;
      case 'logRows':
        await session.sendRows(message.view, message.from, message.count);
        break;
      case 'logFind':
        session.find(message.id, message.query);
        break;
      case 'logFindStep':
        await session.stepFind(message.row, message.backward);
        break;
      case 'logMarkStep':
        await session.stepMark(message.kind, message.row, message.backward);
        break;
      case 'logResults':
        await session.sendResults(message.id, message.from, message.count);
        break;
      case 'logGoTo':
        await session.reveal(message.line);
        break;
      case 'logRestore':
        await session.restore(message.line);
        break;
      case 'logFilter':
        session.filter(message.filter);
        break;
      case 'logWhole':
        await session.sendWhole(message.line, message.stream);
        break;
      case 'logCopy':
        await copyRows(session, message.from, message.to, message.numbers);
        break;
      case 'logOpenFile':
        await openFile(message.path, message.line);
        break;
      case 'logOpenLink':
        await openLink(message.url);
        break;
      case 'logExport':
        await saveLog(session, message.what, name());
        break;
      case 'logAsDocument':
        await showAsDocument(session, documents, name(), id);
        break;
    }
  }
}

/** What a person waits for; the rest is between the viewer and its log. */
const asked: ReadonlySet<LogToHost['type']> = new Set([
  'logCopy',
  'logOpenFile',
  'logOpenLink',
  'logExport',
  'logAsDocument',
]);

import type { Ask } from '../../core/ask.ts';
import type { ConnectionId } from '../../core/job.ts';
import type { Accounts, Clock, Logger, ProviderPorts } from '../../core/ports.ts';
import type { Connection, JsonObject, NewConnection, Provider } from '../../core/provider.ts';
import { isAbort } from '../errorSentence.ts';
import { oneLine } from '../hostileText.ts';
import { t } from '../l10n.ts';
import { DraftConnection } from './draftConnection.ts';
import { idFor, uniqueLabel } from './editConnections.ts';
import type { ProviderEntry } from './providerCatalog.ts';
import { longestLabel, type SavedConnection } from './savedConnections.ts';
import { type Tried, tryConnection } from './tryConnection.ts';

/** What a person wants after something went wrong; undefined: no more of it. */
export type Next = 'retry' | 'change' | 'add' | undefined;

/** The connections there are, as far as adding one is concerned. */
export interface KnownConnections {
  readonly usable: readonly SavedConnection[];
  /** Ids and labels that are taken, those of broken entries too. */
  readonly ids: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
}

export interface AddProviderDeps {
  readonly ask: Ask;
  readonly accounts?: Accounts | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly load: (entry: ProviderEntry) => Promise<Provider>;
  readonly ports: (id: ConnectionId) => ProviderPorts;
  /** Whether a person is being asked something for this connection right now. */
  readonly isAsking: (id: ConnectionId) => boolean;
  readonly known: () => KnownConnections;
  readonly pickKind: () => Promise<ProviderEntry | undefined>;
  readonly progress: <T>(
    title: string,
    task: (signal: AbortSignal, report: (step: string) => void) => Promise<T>,
  ) => Promise<T>;
  /** Shows what went wrong and asks what next; `choices` says what can be. */
  readonly failed: (label: string, error: unknown, choices: readonly Exclude<Next, undefined>[]) => Promise<Next>;
  /** Writes it down; `open` is already signed in, where there is one. */
  readonly save: (connection: SavedConnection, open: Connection | undefined) => Promise<void>;
}

/** How it ended. `tried` is null when it was added although it did not answer. */
export type Added =
  | { readonly kind: 'added'; readonly connection: SavedConnection; readonly tried: Tried | null }
  | { readonly kind: 'there'; readonly connection: SavedConnection };

/**
 * Sets up a connection: which kind, what its provider asks, a test, and it is written down. Undefined when the person went away; then
 * nothing of it is left.
 */
export async function addProvider(deps: AddProviderDeps): Promise<Added | undefined> {
  const entry = await deps.pickKind();
  if (entry === undefined) {
    return undefined;
  }
  for (;;) {
    const found = await setUp(deps, entry);
    if (found === undefined) {
      return undefined;
    }
    const { provider, answer } = found;
    const known = deps.known();
    const same = sameAs(known, entry.id, answer.settings);
    if (same !== undefined) {
      return { kind: 'there', connection: same };
    }
    const label = uniqueLabel(oneLine(answer.label, longestLabel) === '' ? entry.label : answer.label, known.labels);
    const outcome = await addTried(deps, entry, provider, { label, settings: answer.settings }, known);
    if (outcome !== 'change') {
      return outcome;
    }
  }
}

function sameAs(
  { usable }: KnownConnections,
  provider: ProviderEntry['id'],
  settings: JsonObject,
): SavedConnection | undefined {
  const text = JSON.stringify(settings);
  return usable.find((known) => known.provider === provider && JSON.stringify(known.settings) === text);
}

async function setUp(
  deps: AddProviderDeps,
  entry: ProviderEntry,
): Promise<{ readonly provider: Provider; readonly answer: NewConnection } | undefined> {
  const { ask, accounts, clock, logger } = deps;
  for (;;) {
    try {
      const provider = await deps.load(entry);
      // The person may go away from a question; there is nothing else to abort.
      const answer = await provider.setUp?.({ ask, accounts, clock, logger }, new AbortController().signal);
      return answer === undefined ? undefined : { provider, answer };
    } catch (error) {
      if (isAbort(error)) {
        return undefined;
      }
      logger.warn(`${entry.id} could not be set up`, error);
      if ((await deps.failed(entry.label, error, ['retry'])) !== 'retry') {
        return undefined;
      }
    }
  }
}

async function addTried(
  deps: AddProviderDeps,
  entry: ProviderEntry,
  provider: Provider,
  { label, settings }: { readonly label: string; readonly settings: JsonObject },
  { ids }: KnownConnections,
): Promise<Added | 'change' | undefined> {
  const id = idFor(entry.id, settings, ids);
  const draft = new DraftConnection(id, label, settings, deps.ports(id));
  const saved: SavedConnection = { id, provider: entry.id, label, settings };
  let added: Added | 'change' | undefined;
  try {
    added = await untilDecided(deps, provider, draft, saved);
    return added;
  } finally {
    if (typeof added !== 'object') {
      await draft.discard();
    }
  }
}

async function untilDecided(
  deps: AddProviderDeps,
  provider: Provider,
  draft: DraftConnection,
  connection: SavedConnection,
): Promise<Added | 'change' | undefined> {
  for (;;) {
    const outcome = await tryDraft(deps, provider, draft);
    // It may have been added elsewhere while it was tried.
    const same = sameAs(deps.known(), connection.provider, connection.settings);
    if (same !== undefined && ('tried' in outcome || outcome.next === 'add')) {
      if ('tried' in outcome) {
        await closeWell(deps, connection.id, outcome.open);
      }
      return { kind: 'there', connection: same };
    }
    if ('tried' in outcome) {
      await deps.save(connection, outcome.open);
      return { kind: 'added', connection, tried: outcome.tried };
    }
    if (outcome.next === 'add') {
      await deps.save(connection, undefined);
      return { kind: 'added', connection, tried: null };
    }
    if (outcome.next !== 'retry') {
      return outcome.next;
    }
  }
}

/** An open connection that works, or what the person wants now that it does not. */
async function tryDraft(
  deps: AddProviderDeps,
  provider: Provider,
  { id, label, settings, ports }: DraftConnection,
): Promise<{ readonly open: Connection; readonly tried: Tried } | { readonly next: Next }> {
  let connection: Connection | undefined;
  try {
    const open = (connection = provider.connect(settings, ports));
    const tried = await deps.progress(
      t('Connecting to {0}', label),
      async (signal, report) => await tryConnection(open, deps.clock, () => deps.isAsking(id), signal, report),
    );
    return { open, tried };
  } catch (error) {
    if (connection !== undefined) {
      await closeWell(deps, id, connection);
    }
    if (isAbort(error)) {
      return { next: undefined };
    }
    deps.logger.warn(`${id} did not pass its test`, error);
    return { next: await deps.failed(label, error, ['retry', 'change', 'add']) };
  }
}

async function closeWell({ logger }: AddProviderDeps, id: ConnectionId, connection: Connection): Promise<void> {
  await connection.dispose().catch((failure: unknown) => {
    logger.warn(`${id} did not close well`, failure);
  });
}

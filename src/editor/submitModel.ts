import { defaultSpecForFile } from '../core/defaultCommand.ts';
import { type Disposable, Emitter, type Event } from '../core/event.ts';
import type { RunId } from '../core/job.ts';
import { parseJobSpec, type JobSpec } from '../core/jobSpec.ts';
import type { Logger } from '../core/ports.ts';
import { isProviderError } from '../core/providerError.ts';
import type { Engine } from '../engine/engine.ts';
import {
  type Blocked,
  emptyDraft,
  type FormDraft,
  type FormProblem,
  type FormState,
  type SubmissionState,
} from '../protocol/submitForm.ts';
import { costLine } from './costLine.ts';
import { draftToInput, duplicateEnvProblems, formProblem } from './formDraft.ts';
import { errorSentence, isAbort, nativeWords } from './errorSentence.ts';
import type { FormMemory } from './formMemory.ts';
import { t } from './l10n.ts';
import { OfferList, type PlacesSource } from './offerList.ts';
import { OptionList } from './optionList.ts';
import { UploadCount } from './uploadCount.ts';

/** What the form needs of the engine. */
export interface SubmittingEngine extends Pick<Engine, 'submit'> {
  readonly preparation: Pick<Engine['preparation'], 'jobOptions' | 'scan'>;
}

export interface SubmitModelDeps {
  readonly engine: () => Promise<SubmittingEngine>;
  readonly places: () => Promise<PlacesSource>;
  readonly memory: FormMemory;
  readonly logger: Logger;
  /** Writes unsaved editors to disk; what is submitted is what is on disk. */
  readonly saveAll: () => Promise<void>;
  readonly mintRunId: () => RunId;
  readonly hasSecret: (name: string) => Promise<boolean>;
  /** The Python of a folder, absolute; null when none was chosen there. */
  readonly interpreterOf: (folder: string) => Promise<string | null>;
}

/** How long typing rests before the draft is remembered, in ms. */
const quiet = 400;

/** The New Job form's state and what its buttons do; knows nothing of webviews. */
export class SubmitModel implements Disposable {
  readonly upload: UploadCount;
  readonly offers: OfferList;
  readonly options: OptionList;
  readonly #deps: SubmitModelDeps;
  readonly #changed = new Emitter<FormState>();
  readonly #created = new Emitter<RunId>();
  #draft: FormDraft;
  #revision = 0;
  #activeFile: FormState['activeFile'] = null;
  #folder: string | null = null;
  #blocked: Blocked | null = null;
  #interpreter: string | null = null;
  #problems: readonly FormProblem[] = [];
  /** What the draft says; undefined while it has problems. */
  #spec: JobSpec | undefined;
  #submission: SubmissionState = { kind: 'idle' };
  #storedSecrets: readonly string[] = [];
  #runId: RunId;
  #saveTimer: NodeJS.Timeout | undefined;
  #submitting: AbortController | undefined;

  constructor(deps: SubmitModelDeps) {
    this.#deps = deps;
    const { engine, places, memory, logger } = deps;
    const changed = (): void => {
      this.#fire();
    };
    const preparation = async (): Promise<SubmittingEngine['preparation']> => (await engine()).preparation;
    this.upload = new UploadCount({ preparation, memory, changed });
    this.offers = new OfferList({ places, logger, changed });
    this.options = new OptionList({ preparation, logger, changed });
    this.#draft = memory.draft;
    this.options.setConnection(this.#draft.connection);
    this.#runId = deps.mintRunId();
  }

  get onDidChange(): Event<FormState> {
    return this.#changed.event;
  }

  /** Fires once per submission, as soon as the job is in the store; it may still fail after that. */
  get onDidCreate(): Event<RunId> {
    return this.#created.event;
  }

  get state(): FormState {
    const { connections, accelerators, silent } = this.offers.places;
    return {
      draft: this.#draft,
      revision: this.#revision,
      activeFile: this.#activeFile,
      folder: this.#folder,
      connections,
      removedConnection: this.offers.removed(this.#draft.connection),
      accelerators,
      silent,
      acceleratorsError: this.offers.problem,
      options: this.options.state,
      problems: this.#problems,
      cost:
        this.#spec === undefined || accelerators === null
          ? null
          : costLine(this.#spec, this.#draft.connection, accelerators),
      upload: this.upload.state,
      submission: this.#submission,
      storedSecrets: this.#storedSecrets,
      interpreter: this.#interpreter,
      blocked: this.#blocked,
    };
  }

  /** The run id that the current draft gets when it is submitted; the preview shows it. */
  get runId(): RunId {
    return this.#runId;
  }

  /**
   * What the window around the form looks like now. `activePath` is relative to `folder`, `/` between parts; `activeStart` is
   * what that file begins with, where it is a shell script.
   */
  setSurroundings(surroundings: {
    readonly folder: string | null;
    readonly activePath: string | null;
    readonly activeStart?: string;
    readonly blocked: Blocked | null;
  }): void {
    const { folder, activePath, activeStart, blocked } = surroundings;
    if (activePath !== null) {
      this.#activeFile = { path: activePath, command: defaultSpecForFile(activePath, activeStart).command };
    } else if (folder !== this.#folder) {
      this.#activeFile = null;
    }
    this.#folder = folder;
    this.#blocked = blocked;
    this.upload.setFolder(blocked === null ? folder : null);
    const followed = this.#activeFile?.command;
    if (this.#draft.followActiveFile && followed !== undefined && followed !== this.#draft.command) {
      this.#replaceDraft({ ...this.#draft, command: followed });
    }
    this.#fire();
  }

  setInterpreter(interpreter: string | null): void {
    this.#interpreter = interpreter;
    this.#fire();
  }

  /** A draft the person typed. Ignored when the extension changed the draft since the webview last saw it. */
  typeDraft(draft: FormDraft, revision: number): void {
    if (revision !== this.#revision) {
      return;
    }
    this.#setDraft(draft);
    this.#fire();
  }

  /** Fills in a connection, in no region of it. */
  useConnection(connection: string): void {
    const shown = this.#problems;
    this.#replaceDraft({ ...this.#draft, connection, region: '' });
    // Nobody typed anything yet that could be wrong.
    this.#problems = shown;
    this.#fire();
  }

  async reset(): Promise<void> {
    this.#submission = { kind: 'idle' };
    this.#replaceDraft({ ...emptyDraft, command: this.#activeFile?.command ?? '' });
    this.#fire();
    await this.upload.holdBackAll();
  }

  async refreshSecrets(): Promise<void> {
    const { secrets } = this.#draft;
    const stored = await Promise.all(secrets.map(async (name) => ((await this.#deps.hasSecret(name)) ? [name] : [])));
    if (secrets === this.#draft.secrets) {
      this.#storedSecrets = stored.flat();
      const has = ({ field, row }: FormProblem): boolean =>
        field === 'secrets' && row !== null && this.#storedSecrets.includes(secrets[row] ?? '');
      this.#problems = this.#problems.filter((problem) => !has(problem));
      this.#fire();
    }
  }

  /** Also while the form shows something else, such as after it was emptied. */
  get isSubmitting(): boolean {
    return this.#submitting !== undefined;
  }

  /** The spec of a draft, or undefined when it has problems; these are shown in the form. */
  parse(draft: FormDraft): JobSpec | undefined {
    const parsed = parseJobSpec(draftToInput(draft));
    const problems = parsed.ok ? [] : parsed.problems.map((problem) => formProblem(problem, draft));
    this.#problems = [...problems, ...duplicateEnvProblems(draft)];
    this.#spec = parsed.ok && this.#problems.length === 0 ? parsed.spec : undefined;
    return this.#spec;
  }

  /**
   * Submits a draft with the code of `folder` and resolves to its run id once the provider accepted it; undefined when the form
   * has problems (shown there), the person cancelled, or another submission is under way. Rejects when it failed.
   */
  async submit(draft: FormDraft, folder = this.#folder): Promise<RunId | undefined> {
    if (this.isSubmitting) {
      return undefined;
    }
    const spec = this.parse(draft);
    if (spec === undefined || folder === null || this.#blocked !== null) {
      this.#fire();
      return undefined;
    }
    const controller = new AbortController();
    this.#submitting = controller;
    const runId = this.#runId;
    this.#setSubmission({ kind: 'submitting', step: t('Saving files'), fraction: null });
    try {
      const missing = await this.#secretsWithoutValue(spec);
      if (missing.length > 0) {
        this.#problems = missing;
        this.#setSubmission({ kind: 'idle' });
        return undefined;
      }
      await this.#deps.saveAll();
      const engine = await this.#deps.engine();
      controller.signal.throwIfAborted();
      const include = this.#deps.memory.included(folder);
      const interpreter = await this.#deps.interpreterOf(folder);
      await engine.submit({ runId, spec, sourceFolder: folder, include, interpreter }, controller.signal, {
        onCreated: () => {
          this.#created.fire(runId);
        },
        onProgress: ({ text, fraction }) => {
          this.#setSubmission({ kind: 'submitting', step: text, fraction });
        },
      });
      this.#setSubmission({ kind: 'idle' });
      return runId;
    } catch (error) {
      if (isAbort(error)) {
        this.#setSubmission({ kind: 'idle' });
        return undefined;
      }
      this.#deps.logger.error(`submitting ${runId} failed`, error);
      this.#refuse(error, draft);
      throw error;
    } finally {
      this.#submitting = undefined;
      this.upload.outdate();
      this.#runId = this.#deps.mintRunId();
    }
  }

  async #secretsWithoutValue({ secrets }: JobSpec): Promise<readonly FormProblem[]> {
    const problems = await Promise.all(
      secrets.map(async (name, row): Promise<readonly FormProblem[]> =>
        (await this.#deps.hasSecret(name))
          ? []
          : [{ field: 'secrets', row, message: t('{0} has no value here yet. Set one.', name) }],
      ),
    );
    return problems.flat();
  }

  cancelSubmit(): void {
    this.#submitting?.abort(new DOMException('Cancelled', 'AbortError'));
  }

  /** Shows why a draft cannot be submitted, at its field where it has one. Not in place of a submission that is under way. */
  showRefusal(error: unknown, draft: FormDraft): void {
    if (!this.isSubmitting) {
      this.#refuse(error, draft);
    }
  }

  #refuse(error: unknown, draft: FormDraft): void {
    if (isProviderError(error) && error.field !== undefined) {
      const problem = formProblem({ path: error.field, message: error.message }, draft);
      this.#problems = problem.field === 'form' ? this.#problems : [...this.#problems, problem];
    }
    this.#setSubmission({ kind: 'failed', message: errorSentence(error), detail: nativeWords(error) });
  }

  #setSubmission(submission: SubmissionState): void {
    this.#submission = submission;
    this.#fire();
  }

  #replaceDraft(draft: FormDraft): void {
    this.#revision += 1;
    this.#setDraft(draft);
  }

  #setDraft(draft: FormDraft): void {
    const secretsBefore = this.#draft.secrets;
    this.#draft = draft;
    this.options.setConnection(draft.connection);
    if (this.#submission.kind === 'failed') {
      this.#submission = { kind: 'idle' };
    }
    this.parse(this.#draft);
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => {
      this.#keepDraft();
    }, quiet);
    if (draft.secrets.join() !== secretsBefore.join()) {
      void this.refreshSecrets();
    }
  }

  #keepDraft(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    void this.#deps.memory.keepDraft(this.#draft);
  }

  #fire(): void {
    this.#changed.fire(this.state);
  }

  dispose(): void {
    if (this.#saveTimer !== undefined) {
      this.#keepDraft();
    }
    this.upload.dispose();
    this.offers.dispose();
    this.options.dispose();
    this.#changed.dispose();
    this.#created.dispose();
  }
}

import { accelerators } from '../core/accelerator.ts';
import { defaultSpecForFile } from '../core/defaultCommand.ts';
import { type Disposable, Emitter, type Event } from '../core/event.ts';
import type { RunId } from '../core/job.ts';
import { parseJobSpec, type JobSpec } from '../core/jobSpec.ts';
import type { KeyValue, Logger } from '../core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import { emptyDraft, type FormDraft, type FormProblem, type FormState, type SubmissionState, type UploadState } from '../protocol/submitForm.ts';
import { acceleratorChoices } from './acceleratorChoices.ts';
import { draftToInput, duplicateEnvProblems, formProblem, parseDraft } from './formDraft.ts';
import { errorSentence, isAbort, nativeWords } from './errorSentence.ts';

export interface SubmitModelDeps {
  readonly engine: () => Promise<Engine>;
  /** Remembers the draft for this workspace. */
  readonly memory: KeyValue;
  readonly logger: Logger;
  /** Writes unsaved editors of the folder to disk; what is submitted is what is on disk. */
  readonly saveAll: () => Promise<void>;
  readonly mintRunId: () => RunId;
  readonly hasSecret: (name: string) => Promise<boolean>;
}

export type Blocked = FormState['blocked'];

export interface Submitted {
  readonly runId: RunId;
  readonly name: string;
}

const draftKey = 'aloft.draft';
const includedKey = 'aloft.included';
const quiet = 400;

/** The New Job form's state and what its buttons do; knows nothing of webviews. */
export class SubmitModel implements Disposable {
  readonly #deps: SubmitModelDeps;
  readonly #changed = new Emitter<FormState>();
  readonly #created = new Emitter<Submitted>();
  #draft: FormDraft;
  #revision = 0;
  #activeFile: FormState['activeFile'] = null;
  #folder: string | null = null;
  #blocked: Blocked = null;
  #interpreter: string | null = null;
  #connections: FormState['connections'] = [];
  #accelerators: FormState['accelerators'] = null;
  #acceleratorsError: string | null = null;
  #problems: readonly FormProblem[] = [];
  #upload: UploadState = { kind: 'none' };
  #included: readonly string[];
  #submission: SubmissionState = { kind: 'idle' };
  #storedSecrets: readonly string[] = [];
  #runId: RunId;
  #scan: AbortController | undefined;
  #scanTimer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #submitting: AbortController | undefined;

  constructor(deps: SubmitModelDeps) {
    this.#deps = deps;
    this.#draft = parseDraft(parseJson(deps.memory.get(draftKey)));
    this.#included = parseStrings(parseJson(deps.memory.get(includedKey)));
    this.#runId = deps.mintRunId();
  }

  get onDidChange(): Event<FormState> {
    return this.#changed.event;
  }

  /** Fires once per submission, as soon as the job is in the store; it may still fail after that. */
  get onDidCreate(): Event<Submitted> {
    return this.#created.event;
  }

  get state(): FormState {
    return {
      draft: this.#draft,
      revision: this.#revision,
      activeFile: this.#activeFile,
      folder: this.#folder,
      connections: this.#connections,
      accelerators: this.#accelerators,
      acceleratorsError: this.#acceleratorsError,
      problems: this.#problems,
      upload: this.#upload,
      submission: this.#submission,
      storedSecrets: this.#storedSecrets,
      interpreter: this.#interpreter,
      blocked: this.#blocked,
    };
  }

  /** What the window around the form looks like now. `activePath` is relative to `folder`, `/` between parts. */
  setSurroundings(surroundings: {
    readonly folder: string | null;
    readonly activePath: string | null;
    readonly blocked: Blocked;
  }): void {
    const folderChanged = surroundings.folder !== this.#folder;
    this.#folder = surroundings.folder;
    this.#blocked = surroundings.blocked;
    if (surroundings.activePath !== null) {
      this.#activeFile = { path: surroundings.activePath, command: defaultSpecForFile(surroundings.activePath).command };
    } else if (folderChanged) {
      this.#activeFile = null;
    }
    if (this.#draft.followActiveFile && this.#activeFile !== null && this.#activeFile.command !== this.#draft.command) {
      this.#replaceDraft({ ...this.#draft, command: this.#activeFile.command });
    }
    if (folderChanged) {
      this.countUpload();
    }
    this.#fire();
  }

  setInterpreter(interpreter: string | null): void {
    this.#interpreter = interpreter;
    this.#fire();
  }

  /** The run id that the current draft gets when it is submitted; the preview shows it. */
  get runId(): RunId {
    return this.#runId;
  }

  /** A draft the person typed. Ignored when the extension changed the draft since the webview last saw it. */
  typeDraft(draft: FormDraft, revision: number): void {
    if (revision !== this.#revision) {
      return;
    }
    this.#draft = draft;
    this.#afterDraft();
    this.#fire();
  }

  reset(): void {
    this.#included = [];
    this.#submission = { kind: 'idle' };
    this.#replaceDraft({ ...emptyDraft, command: this.#activeFile?.command ?? '' });
    this.countUpload();
    this.#fire();
  }

  /** Sends a file that would be held back, or holds it back again. */
  async includeFile(path: string, include: boolean): Promise<void> {
    this.#included = include ? [...new Set([...this.#included, path])] : this.#included.filter((other) => other !== path);
    await this.#deps.memory.set(includedKey, JSON.stringify(this.#included));
    this.countUpload();
  }

  async refreshOffers(signal: AbortSignal): Promise<void> {
    this.#accelerators = null;
    this.#acceleratorsError = null;
    this.#fire();
    try {
      const engine = await this.#deps.engine();
      const connections = engine.connections.list();
      const { offers, problems } = await engine.offers(signal);
      this.#connections = connections.map(({ id, label, providerId, abilities }) => ({
        id,
        label,
        providerId,
        spot: abilities.spot,
        multiNode: abilities.multiNode,
        containerImage: abilities.containerImage,
        regions: abilities.regions,
      }));
      const labels = new Map(connections.map(({ id, label }) => [String(id), label]));
      this.#accelerators = acceleratorChoices(offers, (id) => labels.get(id) ?? id, accelerators);
      this.#acceleratorsError = problems.length === 0 ? null : problems.join(' ');
    } catch (error) {
      if (isAbort(error)) {
        return;
      }
      this.#deps.logger.error('offers failed', error);
      this.#accelerators = [];
      this.#acceleratorsError = errorSentence(error);
    }
    this.#fire();
  }

  async refreshSecrets(): Promise<void> {
    const stored = await Promise.all(
      this.#draft.secrets.map(async (name) => ((await this.#deps.hasSecret(name)) ? [name] : [])),
    );
    this.#storedSecrets = stored.flat();
    this.#fire();
  }

  /** Counts again what would be sent, a moment after the last call. */
  countUpload(): void {
    clearTimeout(this.#scanTimer);
    this.#scan?.abort(new DOMException('superseded', 'AbortError'));
    if (this.#folder === null || this.#blocked !== null) {
      this.#upload = { kind: 'none' };
      return;
    }
    const folder = this.#folder;
    const controller = new AbortController();
    this.#scan = controller;
    this.#scanTimer = setTimeout(() => void this.#count(folder, controller.signal), quiet);
  }

  async #count(folder: string, signal: AbortSignal): Promise<void> {
    if (this.#upload.kind === 'none' || this.#upload.kind === 'failed') {
      this.#upload = { kind: 'counting' };
      this.#fire();
    }
    try {
      const engine = await this.#deps.engine();
      const preview = await engine.scan(folder, this.#included, signal);
      this.#upload = {
        kind: 'known',
        files: preview.files.length,
        bytes: preview.bytes,
        heldBack: preview.heldBack.map(({ path, bytes, reason }) => ({ path, bytes, reason })),
        included: this.#included,
      };
    } catch (error) {
      if (isAbort(error)) {
        return;
      }
      this.#upload = { kind: 'failed', message: errorSentence(error) };
    }
    this.#fire();
  }

  /** The spec of a draft, or the problems that keep it from being one; the problems are shown in the form. */
  parse(draft: FormDraft): JobSpec | undefined {
    const parsed = parseJobSpec(draftToInput(draft));
    const problems = parsed.ok ? [] : parsed.problems.map((problem) => formProblem(problem, draft));
    this.#problems = [...problems, ...duplicateEnvProblems(draft)];
    return parsed.ok && this.#problems.length === 0 ? parsed.spec : undefined;
  }

  /** The current form with another file as what it runs. */
  draftForFile(relativePath: string): FormDraft {
    const { command } = defaultSpecForFile(relativePath);
    const mentionsFile = this.#draft.command.includes(relativePath) && !this.#draft.followActiveFile;
    return mentionsFile ? this.#draft : { ...this.#draft, command, name: '' };
  }

  get included(): readonly string[] {
    return this.#included;
  }

  /**
   * Submits a draft and resolves with its run id once the provider accepted it; undefined when the form has problems (shown
   * there) or the person cancelled. Pressing Submit twice is one job: the run id belongs to the draft until it is accepted.
   */
  async submit(draft: FormDraft): Promise<RunId | undefined> {
    if (this.#submitting !== undefined) {
      return undefined;
    }
    const folder = this.#folder;
    const spec = this.parse(draft);
    if (spec === undefined || folder === null || this.#blocked !== null) {
      this.#fire();
      return undefined;
    }
    const controller = new AbortController();
    this.#submitting = controller;
    const runId = this.#runId;
    this.#setSubmission({ kind: 'submitting', step: 'Saving files', fraction: null });
    try {
      await this.#deps.saveAll();
      const engine = await this.#deps.engine();
      await engine.submit({ runId, spec, sourceFolder: folder, include: this.#included }, controller.signal, {
        onCreated: () => {
          this.#created.fire({ runId, name: spec.name });
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
      this.#setSubmission({ kind: 'failed', message: errorSentence(error), detail: nativeWords(error) });
      throw error;
    } finally {
      this.#submitting = undefined;
      this.#runId = this.#deps.mintRunId();
    }
  }

  cancelSubmit(): void {
    this.#submitting?.abort(new DOMException('Cancelled', 'AbortError'));
  }

  #setSubmission(submission: SubmissionState): void {
    this.#submission = submission;
    this.#fire();
  }

  #replaceDraft(draft: FormDraft): void {
    this.#draft = draft;
    this.#revision += 1;
    this.#afterDraft();
  }

  #afterDraft(): void {
    if (this.#submission.kind === 'failed') {
      this.#submission = { kind: 'idle' };
    }
    this.parse(this.#draft);
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => void this.#deps.memory.set(draftKey, JSON.stringify(this.#draft)), quiet);
    void this.refreshSecrets();
  }

  #fire(): void {
    this.#changed.fire(this.state);
  }

  dispose(): void {
    clearTimeout(this.#scanTimer);
    clearTimeout(this.#saveTimer);
    this.#scan?.abort(new DOMException('disposed', 'AbortError'));
    this.#changed.dispose();
    this.#created.dispose();
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

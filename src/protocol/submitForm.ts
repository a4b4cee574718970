import type { JobOption } from '../core/provider.ts';

/** Messages between the New Job form (a webview) and the extension. Plain JSON both ways. */

/** The form's fields exactly as typed; the extension parses them. */
export interface FormDraft {
  /** The command follows the file in the active editor until the person types one. */
  readonly followActiveFile: boolean;
  readonly command: string;
  readonly name: string;
  /** Connection id; empty means any. */
  readonly connection: string;
  /** Canonical accelerator name; empty means CPU only. */
  readonly accelerator: string;
  /** Accelerators per node, as typed. */
  readonly count: string;
  readonly nodes: string;
  readonly spot: boolean;
  readonly region: string;
  readonly image: string;
  readonly setup: string;
  readonly workingDirectory: string;
  readonly env: readonly EnvRow[];
  /** Names of secrets. */
  readonly secrets: readonly string[];
  /** One glob a line. */
  readonly outputs: string;
  readonly cpus: string;
  readonly memory: string;
  readonly disk: string;
  readonly durationLimit: string;
  readonly waitLimit: string;
  readonly costLimit: string;
  /** By connection id, so that each keeps its own; by the name of the option. Empty ones are not chosen. */
  readonly options: Readonly<Record<string, OptionValues>>;
}

export type OptionValues = Readonly<Record<string, string>>;

export interface EnvRow {
  readonly name: string;
  readonly value: string;
}

export const emptyDraft: FormDraft = {
  followActiveFile: true,
  command: '',
  name: '',
  connection: '',
  accelerator: '',
  count: '1',
  nodes: '1',
  spot: false,
  region: '',
  image: '',
  setup: '',
  workingDirectory: '.',
  env: [],
  secrets: [],
  outputs: '',
  cpus: '',
  memory: '',
  disk: '',
  durationLimit: '',
  waitLimit: '',
  costLimit: '',
  options: {},
};

/** Every field of the draft that can carry a problem, options by their names, plus `form` for what belongs to none. */
export type FormField = Exclude<keyof FormDraft, 'followActiveFile' | 'options'> | `options.${string}` | 'form';

export interface FormProblem {
  readonly field: FormField;
  /** Row of `env` or `secrets`, 0-based. */
  readonly row: number | null;
  readonly message: string;
}

export interface ConnectionChoice {
  readonly id: string;
  readonly label: string;
  readonly providerId: string;
  readonly spot: boolean;
  readonly multiNode: boolean;
  readonly containerImage: boolean;
  readonly regions: boolean;
  /** How long a job waits there unless it says otherwise: "1d"; null: without end. */
  readonly usualWait: string | null;
}

/** An accelerator and how many of it, with the places that have that. CPU only has an empty name. */
export interface AcceleratorChoice {
  readonly name: string;
  /** "H100 80 GB", "CPU only". */
  readonly label: string;
  readonly vendor: string;
  /** Per node; 0 for CPU only. */
  readonly count: number;
  /** Ready to show: "from $12.40/h", "no charge". */
  readonly price: string;
  readonly places: readonly PlaceChoice[];
}

export interface PlaceChoice {
  readonly connection: string;
  readonly connectionLabel: string;
  readonly region: string | null;
  readonly likelihood: 'now' | 'wait' | 'unknown' | 'no';
  /** "2 of 4 free". */
  readonly note: string;
  /** Ready to show: "$12.40/h", "no charge". */
  readonly price: string;
  /** Of one node; null: not known. */
  readonly usdPerHour: number | null;
  readonly spotUsdPerHour: number | null;
}

/** A connection whose offers are missing, or old. */
export interface SilentPlace {
  readonly connection: string;
  readonly label: string;
  readonly isAsking: boolean;
  /** "not reachable", "asking…". */
  readonly word: string;
  /** Why it did not answer; null while it is asked for the first time. */
  readonly reason: string | null;
}

export interface HeldBackFile {
  readonly path: string;
  readonly bytes: number;
  readonly reason: string;
}

/** What will be sent: counted while the person fills in the form. */
export type UploadState =
  | { readonly kind: 'none' }
  | { readonly kind: 'counting' }
  | {
      readonly kind: 'known';
      readonly files: number;
      readonly bytes: number;
      readonly heldBack: readonly HeldBackFile[];
      /** Paths the person chose to send although they were held back. */
      readonly included: readonly string[];
    }
  | { readonly kind: 'failed'; readonly message: string };

export type SubmissionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'submitting'; readonly step: string; readonly fraction: number | null }
  | { readonly kind: 'failed'; readonly message: string; readonly detail: string | null };

/** Why nothing can be submitted (untrusted workspace, no folder), and what the person can do about it. */
export interface Blocked {
  readonly message: string;
  readonly action: 'trust' | 'openFolder' | null;
  readonly actionLabel: string;
}

/** What only the chosen connection lets a job choose. */
export interface OptionsState {
  /** As it last said; empty when it has none, or has not said yet. */
  readonly options: readonly JobOption[];
  readonly isAsking: boolean;
  /** Why it did not say. */
  readonly problem: string | null;
}

/** Everything the form shows; always sent whole. */
export interface FormState {
  readonly draft: FormDraft;
  /** Increases with every draft the extension itself changed; a draft message carries the one it was based on. */
  readonly revision: number;
  /** Workspace-relative path of the file in the active editor, and the command that would run it. */
  readonly activeFile: { readonly path: string; readonly command: string } | null;
  readonly folder: string | null;
  readonly connections: readonly ConnectionChoice[];
  /** The name of the draft's connection when that is not set up any more; null when it is. */
  readonly removedConnection: string | null;
  /** null until some connection answered. */
  readonly accelerators: readonly AcceleratorChoice[] | null;
  readonly silent: readonly SilentPlace[];
  /** Why no connection can be asked at all. */
  readonly acceleratorsError: string | null;
  readonly options: OptionsState;
  readonly problems: readonly FormProblem[];
  /** Ready to show: "$24.80/h for 2 nodes, at most $297.60 in 12h"; null: there is nothing to say of it. */
  readonly cost: string | null;
  readonly upload: UploadState;
  readonly submission: SubmissionState;
  /** Names of secrets that have a stored value. */
  readonly storedSecrets: readonly string[];
  /** Which Python runs the job on this machine: "Python 3.12 (.venv)". */
  readonly interpreter: string | null;
  /** null when something can be submitted. */
  readonly blocked: Blocked | null;
}

/** Where the keyboard goes. `focusProblem`: to the first thing in the form that is wrong. */
export type FormFocus = { readonly type: 'focus'; readonly field: FormField } | { readonly type: 'focusProblem' };

export type FormToWebview = { readonly type: 'state'; readonly state: FormState } | FormFocus;

export type FormToHost =
  | { readonly type: 'ready' }
  | { readonly type: 'draft'; readonly draft: FormDraft; readonly revision: number }
  | { readonly type: 'submit'; readonly draft: FormDraft }
  | { readonly type: 'cancelSubmit' }
  | { readonly type: 'preview'; readonly draft: FormDraft }
  | { readonly type: 'reset' }
  | { readonly type: 'refreshOffers' }
  | { readonly type: 'refreshOptions' }
  | { readonly type: 'addProvider' }
  | { readonly type: 'includeFile'; readonly path: string; readonly include: boolean }
  | { readonly type: 'setSecret'; readonly name: string }
  | { readonly type: 'resolveBlocked' };

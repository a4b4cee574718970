/** Questions to the person in front of the editor. Every method rejects with the signal's reason when it is aborted first. */
export interface Ask {
  /** Resolves to the `value` of a choice, to what was typed where that is allowed, or to undefined when the person went away. */
  choose(question: ChooseQuestion, signal: AbortSignal): Promise<string | undefined>;
  /** Resolves to what was typed, or to undefined when the person went away. */
  type(question: TypeQuestion, signal: AbortSignal): Promise<string | undefined>;
  /** Resolves to false when the person went away as well. */
  confirm(question: ConfirmQuestion, signal: AbortSignal): Promise<boolean>;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** Beside the label, shorter than a line. */
  readonly description?: string;
  /** A line below the label. */
  readonly detail?: string;
}

export interface ChooseQuestion {
  readonly title: string;
  readonly placeholder: string;
  readonly choices: readonly Choice[];
  /** Whether the person may type something that is not in the list. */
  readonly mayType: boolean;
}

export interface TypeQuestion {
  readonly title: string;
  readonly prompt: string;
  /** What the box holds at first. */
  readonly value: string;
  /** Shown as dots, and kept nowhere. */
  readonly isSecret: boolean;
  /** What is wrong with what was typed so far, in a sentence; null when nothing is. */
  readonly check: (typed: string) => string | null;
}

/** Asked in a dialog that nothing else can be done beside. */
export interface ConfirmQuestion {
  readonly title: string;
  readonly detail: string;
  /** The verb on the button that agrees. */
  readonly yes: string;
}

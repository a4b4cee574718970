import { nearest } from './nearest.ts';

export interface InputProblem {
  /** Where it is: `limits.duration`, `env.FOO BAR`, `outputs[2]`; empty for the input as a whole. */
  readonly path: string;
  /** A sentence that says what is wrong and what to write instead. */
  readonly message: string;
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/**
 * One field of an input that a person or a program wrote. Its readers return undefined for a field that was left out or is
 * null, and for a wrong one after noting the problem; nothing is thrown, so all problems come out at once.
 */
export class InputField {
  readonly path: string;
  readonly value: unknown;
  readonly #problems: InputProblem[];

  constructor(path: string, value: unknown, problems: InputProblem[]) {
    this.path = path;
    this.value = value;
    this.#problems = problems;
  }

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  refuse(message: string): undefined {
    this.#problems.push({ path: this.path, message });
    return undefined;
  }

  /** The same field when it is there; otherwise notes that it must be. */
  required(message: string): this {
    if (this.isAbsent) {
      this.refuse(message);
    }
    return this;
  }

  /** Text that is not blank. */
  text(maxLength: number): string | undefined {
    if (this.isAbsent) {
      return undefined;
    }
    const text = this.anyText(maxLength);
    return text?.trim() === '' ? this.refuse('This is empty. Write something or leave it out.') : text;
  }

  /** Text that may be blank. */
  anyText(maxLength: number): string | undefined {
    const { value } = this;
    if (typeof value !== 'string') {
      return this.refuse(
        `This must be text, not ${kindOf(value)}.${typeof value === 'object' ? '' : ' Put it in quotes.'}`,
      );
    }
    if (value.includes('\0') || !value.isWellFormed()) {
      return this.refuse('This holds a NUL or half a character. Remove it.');
    }
    return value.length > maxLength
      ? this.refuse(`This has ${value.length} characters; at most ${maxLength} are allowed.`)
      : value;
  }

  /** Text on one line, without control characters and without space at its ends. */
  line(maxLength: number): string | undefined {
    const line = this.text(maxLength)?.trim();
    return line !== undefined && /[\p{Cc}\u2028\u2029]/u.test(line)
      ? this.refuse('This must be one line without control characters.')
      : line;
  }

  /** One word that no command can take for an option. */
  word(maxLength: number, example: string): string | undefined {
    const word = this.line(maxLength);
    return word !== undefined && !/^[^\s-]\S*$/u.test(word)
      ? this.refuse(`This must be one word that does not begin with a dash, such as ${example}.`)
      : word;
  }

  wholeNumber(range: NumberRange): number | undefined {
    const number = this.number(range);
    return number === undefined || Number.isInteger(number)
      ? number
      : this.refuse(`This must be a whole number from ${range.min} to ${range.max}.`);
  }

  number({ min, max }: NumberRange): number | undefined {
    const { value } = this;
    if (this.isAbsent) {
      return undefined;
    }
    return typeof value === 'number' && value >= min && value <= max
      ? value
      : this.refuse(
          `This must be a number from ${min} to ${max}${typeof value === 'number' ? '' : `, not ${kindOf(value)}`}.`,
        );
  }

  boolean(): boolean | undefined {
    const { value } = this;
    if (this.isAbsent) {
      return undefined;
    }
    return typeof value === 'boolean' ? value : this.refuse(`This must be true or false, not ${kindOf(value)}.`);
  }

  /** The items of a list; a single text counts as a list of one. */
  items(): readonly InputField[] {
    const { value } = this;
    if (typeof value === 'string') {
      return [this];
    }
    if (!Array.isArray(value)) {
      this.#refuseUnlessAbsent(`This must be a list, not ${kindOf(value)}.`);
      return [];
    }
    return value.map((item: unknown, index) =>
      new InputField(`${this.path}[${index}]`, item, this.#problems).required(
        'This is empty. Write it or remove the item.',
      ),
    );
  }

  /** The fields of a record whose names are the writer's own. */
  entries(): readonly (readonly [name: string, field: InputField])[] {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuseUnlessAbsent(`This must be a set of names and values, not ${kindOf(value)}.`);
      return [];
    }
    return Object.entries(value).map(([name, field]: [string, unknown]) => [name, this.#below(name, field)]);
  }

  /**
   * The fields of a record that knows its names: `read(name)` gives each. A name that is not among `known` is a problem, and
   * the known name that was probably meant is suggested; `synonyms` are other words for them.
   */
  record<Name extends string>(
    known: readonly Name[],
    synonyms: ReadonlyMap<string, string> = new Map(),
  ): (name: Name) => InputField {
    const fields = new Map(this.entries());
    const names: readonly string[] = known;
    for (const [name, field] of fields) {
      if (!names.includes(name)) {
        const [near] = nearest(name, [...names, ...synonyms.keys()], 1);
        const hint =
          near === undefined ? `Known are ${names.join(', ')}.` : `Did you mean ${synonyms.get(near) ?? near}?`;
        field.refuse(`There is no such field. ${hint}`);
      }
    }
    return (name) => fields.get(name) ?? this.#below(name, undefined);
  }

  #below(name: string, value: unknown): InputField {
    return new InputField(this.path === '' ? name : `${this.path}.${name}`, value, this.#problems);
  }

  #refuseUnlessAbsent(message: string): void {
    if (!this.isAbsent) {
      this.refuse(message);
    }
  }
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) {
    return 'nothing';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a set of fields';
  }
}

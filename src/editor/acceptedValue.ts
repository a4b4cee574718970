interface Choice {
  readonly value: string;
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
}

/**
 * What somebody means who accepts a list into which one may also type: the choice that is lit, else what is typed, by the name of a choice
 * or as it is. undefined while there is nothing. Who types fast accepts before the list has followed, so what is lit may be of before.
 */
export function acceptedValue(typed: string, lit: Choice | undefined, choices: readonly Choice[]): string | undefined {
  const text = typed.trim();
  const choice =
    choices.find((each) => each.value === lit?.value && isListedFor(text, each)) ??
    choices.find(({ label }) => label === text);
  return choice?.value ?? (text === '' ? undefined : text);
}

/** VS Code lists what has the letters in this order. */
function isListedFor(text: string, { label, description = '', detail = '' }: Choice): boolean {
  return [label, description, detail].some((part) => hasInOrder(part.toLowerCase(), text.toLowerCase()));
}

function hasInOrder(text: string, letters: string): boolean {
  let from = 0;
  for (const letter of letters) {
    const at = text.indexOf(letter, from);
    if (at === -1) {
      return false;
    }
    from = at + letter.length;
  }
  return true;
}

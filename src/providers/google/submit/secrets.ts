import { ProviderError } from '../../../core/providerError.ts';

/** A shell script that sets them; null when there are none. Throws `invalid` for one that has no value or none that can be set. */
export function secretsScript(names: readonly string[], values: ReadonlyMap<string, string>): string | null {
  const lines = names.map((name) => {
    const value = values.get(name);
    if (value === undefined || value.includes('\0')) {
      throw new ProviderError('invalid', `The secret ${name} has no value that can be passed to a program.`, {
        field: 'secrets',
        remedy: 'Set it, or take it off the list.',
      });
    }
    return `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`;
  });
  return lines.length === 0 ? null : lines.join('');
}

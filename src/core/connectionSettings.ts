import { ProviderError } from './providerError.ts';

/** What the check of a schema says; zod's is one. */
export type Checked<Settings> =
  | { readonly success: true; readonly data: Settings }
  | {
      readonly success: false;
      readonly error: {
        readonly message: string;
        readonly issues: readonly { readonly path: readonly PropertyKey[] }[];
      };
    };

/** The settings of a connection. Throws `invalid`, naming the setting at fault. */
export function usableSettings<Settings>(checked: Checked<Settings>): Settings {
  if (!checked.success) {
    const field = checked.error.issues[0]?.path.join('.') ?? '';
    throw new ProviderError('invalid', `The setting "${field}" of this connection is not usable.`, {
      raw: checked.error.message,
      field,
      remedy: 'Remove the connection and add it again.',
    });
  }
  return checked.data;
}

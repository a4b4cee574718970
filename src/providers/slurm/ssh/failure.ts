import { isProviderError, ProviderError } from '../../../core/providerError.ts';

/** What went wrong while a connection to `where` was made or used, as the contract has it. */
export function connectionError(error: unknown, where: string): ProviderError {
  if (isProviderError(error)) {
    return error;
  }
  const raw = error instanceof Error ? error.message : String(error);
  const code = textOf(error, 'code');
  const details = { raw, cause: error };
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ProviderError('transient', `No address is known for ${where}.`, {
        ...details,
        remedy: 'Check the name, the network and, where one is needed, the VPN.',
      });
    case 'ECONNREFUSED':
      return new ProviderError('transient', `${where} refuses connections.`, {
        ...details,
        remedy: 'Check the port; otherwise its SSH server is down.',
      });
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return new ProviderError('transient', `${where} cannot be reached.`, {
        ...details,
        remedy: 'Check the network and, where one is needed, the VPN.',
      });
    default:
      return textOf(error, 'level') === 'handshake' && raw.includes('no matching')
        ? new ProviderError('unsupported', `${where} and Aloft have no way to encrypt in common.`, details)
        : new ProviderError('transient', `The connection to ${where} was lost.`, details);
  }
}

/** Said of everything under way on a connection that broke off. */
export function connectionLost(where: string, raw: string): ProviderError {
  return new ProviderError('transient', `The connection to ${where} was lost.`, { raw });
}

/** A string property of an error that its class does not tell of. */
export function textOf(error: unknown, name: 'code' | 'level'): string | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

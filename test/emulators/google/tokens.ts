import { randomBytes } from 'node:crypto';
import { type GoogleApiError, unauthenticated } from './apiError.ts';

interface Issued {
  readonly expiresAt: number;
  isRevoked: boolean;
}

/** The access tokens that have been given out. */
export class Tokens {
  /** How long a token is good, in s. */
  lifetimeSeconds = 3600;
  readonly #issued = new Map<string, Issued>();

  issue(): { readonly token: string; readonly expiresAt: number } {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    const expiresAt = Date.now() + this.lifetimeSeconds * 1000;
    this.#issued.set(token, { expiresAt, isRevoked: false });
    return { token, expiresAt };
  }

  /** Every token that was given out so far is good for nothing from now on. */
  revokeAll(): void {
    for (const issued of this.#issued.values()) {
      issued.isRevoked = true;
    }
  }

  get count(): number {
    return this.#issued.size;
  }

  /** Until when a token is good; null for one that is not. */
  expiryOf(token: string): number | null {
    const issued = this.#issued.get(token);
    return issued === undefined || issued.isRevoked || issued.expiresAt <= Date.now() ? null : issued.expiresAt;
  }

  /** Why a token is not taken; null where it is. */
  problem(authorization: string | undefined, service: string): GoogleApiError | null {
    const token = authorization?.replace(/^Bearer\s+/iu, '') ?? '';
    const issued = this.#issued.get(token);
    if (issued === undefined) {
      return unauthenticated(service, false);
    }
    return issued.isRevoked || issued.expiresAt <= Date.now() ? unauthenticated(service, true) : null;
  }
}

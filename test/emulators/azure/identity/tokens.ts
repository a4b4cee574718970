import { randomBytes, randomUUID } from 'node:crypto';

export interface Person {
  readonly name: string;
  readonly upn: string;
  readonly oid: string;
  readonly tenant: string;
}

export interface IssuedToken {
  readonly token: string;
  /** Of Resource Manager, of storage, of Azure ML: what it is good for. */
  readonly audience: string;
  readonly person: Person;
  expiresAt: number;
}

/** Access tokens: they look like those of Microsoft Entra, and only those that were issued here are good. */
export class Tokens {
  readonly #issued = new Map<string, IssuedToken>();
  /** In ms. */
  lifetime = 3_600_000;

  issue(person: Person, audience: string, now: number): IssuedToken {
    const expiresAt = now + this.lifetime;
    const claims = {
      aud: audience,
      iss: `https://sts.windows.net/${person.tenant}/`,
      iat: Math.floor(now / 1000),
      nbf: Math.floor(now / 1000),
      exp: Math.floor(expiresAt / 1000),
      name: person.name,
      oid: person.oid,
      tid: person.tenant,
      unique_name: person.upn,
      upn: person.upn,
      uti: randomUUID(),
      ver: '1.0',
    };
    const header = encoded({ typ: 'JWT', alg: 'RS256', kid: 'emulated' });
    const token = `${header}.${encoded(claims)}.${randomBytes(64).toString('base64url')}`;
    const issued: IssuedToken = { token, audience, person, expiresAt };
    this.#issued.set(token, issued);
    return issued;
  }

  find(token: string): IssuedToken | undefined {
    return this.#issued.get(token);
  }

  /** Those that were issued so far are good for nothing from now on. */
  expireAll(now: number): void {
    for (const issued of this.#issued.values()) {
      issued.expiresAt = Math.min(issued.expiresAt, now - 1);
    }
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

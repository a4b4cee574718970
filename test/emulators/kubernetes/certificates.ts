import { generate } from 'selfsigned';

export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  readonly ca: KeyPair;
  readonly server: KeyPair;
  /** A client certificate for a user (CN) of a group (O). */
  client(user: string, group: string): Promise<KeyPair>;
}

/** A certificate authority of the cluster's own, and what it has signed. */
export async function makeCertificates(): Promise<Certificates> {
  const authority = await generate([{ name: 'commonName', value: 'kubernetes' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const ca = { key: authority.private, cert: authority.cert };
  const server = await generate([{ name: 'commonName', value: 'kube-apiserver' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca,
    extensions: [
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
          { type: 2, value: 'kubernetes.default.svc' },
        ],
      },
    ],
  });
  return {
    ca,
    server: { key: server.private, cert: server.cert },
    client: async (user, group) => {
      const made = await generate(
        [
          { name: 'organizationName', value: group },
          { name: 'commonName', value: user },
        ],
        { keyType: 'ec', algorithm: 'sha256', ca, extensions: [{ name: 'extKeyUsage', clientAuth: true }] },
      );
      return { key: made.private, cert: made.cert };
    },
  };
}

interface NameRule {
  readonly pattern: RegExp;
  readonly what: string;
}

/** Tried on the last part of a path, in lower case. */
const nameRules: readonly NameRule[] = [
  { pattern: /^\.env(?:rc|\..+)?$|.\.env$/u, what: 'environment file' },
  { pattern: /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/u, what: 'SSH private key' },
  { pattern: /\.(?:pem|key|ppk|p12|pfx|jks|keystore|kdbx?)$/u, what: 'key file' },
  { pattern: /^(?:application_default_)?credentials(?:\.(?:json|ya?ml|toml|ini|csv))?$/u, what: 'credentials' },
  { pattern: /^client_secret.*\.json$/u, what: 'OAuth client secret' },
  { pattern: /^(?:.*[-_.])?service[-_]?account(?:[-_.].*)?\.json$/u, what: 'service account key' },
  {
    pattern: /^[._]netrc$|^\.git-credentials$|^\.pypirc$|^\.htpasswd$|^\.pgpass$|^\.my\.cnf$/u,
    what: 'stored passwords',
  },
  { pattern: /^kubeconfig(?:\..+)?$|\.kubeconfig$/u, what: 'cluster credentials' },
  { pattern: /^secrets?\.(?:json|ya?ml|toml|ini|env)$/u, what: 'secrets file' },
  { pattern: /^\.?(?:hf|huggingface|github|wandb|openai|api)[-_]?token$/u, what: 'token' },
];

const harmlessName = /\.(?:example|sample|template|dist)$/u;

/** Tried on the whole path, in lower case. */
const placeRules: readonly NameRule[] = [
  { pattern: /(?:^|\/)\.kube\/config$/u, what: 'cluster credentials' },
  { pattern: /(?:^|\/)\.docker\/config\.json$/u, what: 'registry credentials' },
];

/** Why the name alone says that a file holds a secret; null when it does not. */
export function secretByName(path: string): string | null {
  const lower = path.toLowerCase();
  const name = lower.slice(lower.lastIndexOf('/') + 1);
  if (harmlessName.test(name)) {
    return null;
  }
  const rule =
    nameRules.find(({ pattern }) => pattern.test(name)) ?? placeRules.find(({ pattern }) => pattern.test(lower));
  return rule === undefined ? null : `${rule.what}, by its name`;
}

/** Named groups of one expression, so that a file is read over once. */
const tokens: Readonly<Record<string, { readonly source: string; readonly what: string }>> = {
  aws: { source: String.raw`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b(?<!EXAMPLE)`, what: 'an AWS access key' },
  pem: {
    source: String.raw`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s)+(?:[\w-]+:[^\n]*\s+)*[A-Za-z0-9+/]{24}`,
    what: 'a private key',
  },
  github: { source: String.raw`\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40})`, what: 'a GitHub token' },
  gitlab: { source: String.raw`\bglpat-[A-Za-z0-9_-]{20}`, what: 'a GitLab token' },
  hf: { source: String.raw`\bhf_[A-Za-z0-9]{30}`, what: 'a Hugging Face token' },
  slack: { source: String.raw`\bxox[abeoprs]-[0-9A-Za-z-]{10}`, what: 'a Slack token' },
  sk: { source: String.raw`\bsk-(?:[a-z]+[0-9]*-){0,3}(?=[A-Za-z_-]{0,19}[0-9])[A-Za-z0-9_]{20}`, what: 'an API key' },
  google: { source: String.raw`\bAIza[0-9A-Za-z_-]{35}`, what: 'a Google API key' },
  npm: {
    source: String.raw`(?::_authToken|:_password|^_auth)\s*=\s*[^\s$]{8}|\bnpm_[A-Za-z0-9]{36}`,
    what: 'an npm token',
  },
};

const anyToken = new RegExp(
  Object.entries(tokens)
    .map(([name, { source }]) => `(?<${name}>${source})`)
    .join('|'),
  'mu',
);

/** Why the content of a small file looks like it holds a secret, with the line (1-based); null when it does not. */
export function secretByContent(bytes: Uint8Array): string | null {
  if (bytes.subarray(0, 8192).includes(0)) {
    return null;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const match = anyToken.exec(text);
  const found = Object.entries(match?.groups ?? {}).find(([, value]) => value !== undefined);
  if (match === null || found === undefined) {
    return null;
  }
  const line = text.slice(0, match.index).split('\n').length;
  return `line ${line} looks like ${tokens[found[0]]?.what ?? 'a secret'}`;
}

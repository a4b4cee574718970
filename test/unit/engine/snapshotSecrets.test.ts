import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSnapshot, scan } from '../../../src/engine/snapshot/makeSnapshot.ts';
import { secretByContent, secretByName } from '../../../src/engine/snapshot/secrets.ts';
import { writeTree } from '../../fixtures/snapshot/tree.ts';
import type { FileNode } from '../../fixtures/snapshot/tree.ts';

const letters = 'abcdefghij0123456789ABCDEFGHIJ0123456789';

const text = (content: string): FileNode => ({ content, executable: false });

// Put together here, so that no scanner takes this file for a leak.
const leaks: readonly (readonly [string, string])[] = [
  ['an AWS access key', `key = "${'AK'}${'IA'}ABCDEFGHIJKLMNOP"`],
  ['a private key', `-----BEGIN RSA ${'PRIVATE'} KEY-----\n${letters}\n`],
  ['a private key', `{"private_key": "-----BEGIN ${'PRIVATE'} KEY-----\\n${letters}"}`],
  ['a private key', `-----BEGIN OPENSSH ${'PRIVATE'} KEY-----\r\n${letters}\r\n`],
  ['a GitHub token', `${'gh'}p_${letters.slice(0, 36)}`],
  ['a GitHub token', `${'github'}_pat_${letters}${letters}`],
  ['a GitLab token', `${'gl'}pat-${letters.slice(0, 20)}`],
  ['a Hugging Face token', `token=${'h'}f_${letters.slice(0, 34)}`],
  ['a Slack token', `${'xo'}xb-123456789012-${letters}`],
  ['an API key', `OPENAI = '${'s'}k-${letters}'`],
  ['an API key', `${'s'}k-proj-${letters}`],
  ['an API key', `${'s'}k-ant-api03-${letters}`],
  ['a Google API key', `${'AI'}za${letters.slice(0, 35)}`],
  ['an npm token', `//registry.npmjs.org/:_auth${'Token'}=${letters}`],
];

describe('secrets', () => {
  test.each(leaks)('%s is seen in %j, with its line', (what, leak) => {
    expect(secretByContent(Buffer.from(`import os\n# ünïcode\n${leak}\n`))).toBe(`line 3 looks like ${what}`);
  });

  test.each([
    'AKIAIOSFODNN7EXAMPLE',
    'pattern = "-----BEGIN PRIVATE KEY-----"',
    '-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n',
    'class="sk-cube-grid sk-folding-cube-container-wide"',
    'token = os.environ["HF_TOKEN"]  # hf_...',
    '//registry.npmjs.org/:_authToken=${NPM_TOKEN}',
    'risk-abcdefghijklmnopqrstuvwxyz0123456789',
    '',
  ])('%j is none', (content) => {
    expect(secretByContent(Buffer.from(content))).toBeNull();
  });

  test('a binary file is not searched', () => {
    expect(secretByContent(Buffer.from(`\0${leaks[4]?.[1] ?? ''}`))).toBeNull();
  });

  test.each([
    '.env',
    'a/.env',
    '.env.local',
    'prod.env',
    '.envrc',
    'id_rsa',
    'keys/id_ed25519',
    'server.pem',
    'a.key',
    'credentials.json',
    '.aws/credentials',
    '.netrc',
    '_netrc',
    '.kube/config',
    'kubeconfig',
    'kubeconfig.yaml',
    'my-service-account.json',
    'service_account_key.json',
    'Secrets.toml',
    'client_secret_1.json',
    '.pypirc',
    '.git-credentials',
    'hf_token',
  ])('%s is one by its name', (path) => {
    expect(secretByName(path)).not.toBeNull();
  });

  test.each([
    '.env.example',
    '.env.sample',
    'id_rsa.pub',
    'env.py',
    'environment.yml',
    'config',
    'keys.py',
    'tokenizer.json',
    'token.py',
    'monkey',
    'credentials.py',
    'test_secrets.py',
    '.npmrc',
  ])('%s is none by its name', (path) => {
    expect(secretByName(path)).toBeNull();
  });
});

describe('what is held back', () => {
  let base = '';
  let folder = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'aloft-held-'));
    folder = join(base, 'source');
    writeTree(folder, {
      'train.py': text('x'),
      '.env': text('A=1'),
      'conf/token.txt': text(leaks[7]?.[1] ?? ''),
      'big.bin': text(''),
    });
    truncateSync(join(folder, 'big.bin'), 50_000_001);
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });

  const make = (include: readonly string[] = [], maxFileBytes = 50_000_000) =>
    makeSnapshot(
      folder,
      { storeFolder: join(base, 'store'), cacheFolder: join(base, 'cache'), include, maxFileBytes },
      new AbortController().signal,
      () => undefined,
    );

  test('is named with its size and the reason, and does not go', async () => {
    const { snapshot, preview } = await make();
    expect(snapshot).toMatchObject({ files: 1, bytes: 1 });
    expect(preview.heldBack).toEqual([
      { path: '.env', bytes: 3, kind: 'secret', reason: 'environment file, by its name' },
      { path: 'big.bin', bytes: 50_000_001, kind: 'large', reason: 'larger than 50 MB' },
      { path: 'conf/token.txt', bytes: 43, kind: 'secret', reason: 'line 1 looks like a Hugging Face token' },
    ]);
    expect(JSON.stringify(preview)).not.toContain(letters.slice(0, 20));
  });

  test('goes when it is included by path or by folder', async () => {
    const { snapshot, preview } = await make(['.env', 'conf', 'big.bin']);
    expect(snapshot.files).toBe(4);
    expect(preview.heldBack).toEqual([]);
    expect((await make(['con'])).preview.heldBack).toHaveLength(3);
  });

  test('is held back the same on the second look, when the cache answers', async () => {
    const before = await scan(
      folder,
      { storeFolder: join(base, 'store'), cacheFolder: join(base, 'cache') },
      new AbortController().signal,
      () => undefined,
    );
    const { preview } = await make();
    expect(preview.heldBack).toEqual(before.heldBack);
  });

  test('goes once the secret is taken out', async () => {
    await make();
    writeFileSync(join(folder, 'conf/token.txt'), 'none\n');
    appendFileSync(join(folder, 'train.py'), 'y');
    expect((await make()).preview.files.map((file) => file.path)).toEqual(['conf/token.txt', 'train.py']);
  });
});

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ClusterAccess } from '../../../../src/providers/kubernetes/client/access.ts';
import {
  type KubeContext,
  loadKubeconfig,
  usualPaths,
} from '../../../../src/providers/kubernetes/client/kubeconfig.ts';
import { rejection } from '../../../conformance/harness.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aloft-kubeconfig-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const { signal } = new AbortController();

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

const config = (name: string, user: unknown, more: object = {}): object => ({
  'current-context': name,
  clusters: [{ name, cluster: { server: `https://${name}.example/`, ...more } }],
  users: [{ name, user }],
  contexts: [{ name, context: { cluster: name, user: name, namespace: `${name}-ns` } }],
});

async function contextOf(user: unknown, more: object = {}): Promise<KubeContext> {
  const { contexts } = await loadKubeconfig([await write('one', config('a', user, more))]);
  const [context] = contexts;
  if (context === undefined) {
    throw new Error('There is no context.');
  }
  return context;
}

describe('loadKubeconfig', () => {
  it('merges as kubectl does: the first entry of a name counts, and files that are not there are left out', async () => {
    const first = await write('first', { ...config('a', { token: 'first' }), 'current-context': '' });
    const second = await write('second', {
      'current-context': 'b',
      clusters: [...clustersOf('a', 'https://other.example'), ...clustersOf('b', 'https://b.example')],
      users: [
        { name: 'a', user: { token: 'second' } },
        { name: 'b', user: {} },
      ],
      contexts: [{ name: 'b', context: { cluster: 'b', user: 'a' } }],
    });
    const empty = await write('empty', '');
    const loaded = await loadKubeconfig([join(folder, 'nothing'), empty, first, second]);
    expect(loaded.current).toBe('b');
    expect(
      loaded.contexts.map(({ name, cluster, user, namespace }) => [name, cluster.server, user.token, namespace]),
    ).toEqual([
      ['a', 'https://a.example', 'first', 'a-ns'],
      ['b', 'https://b.example', 'first', null],
    ]);
  });

  it('starts relative paths from the folder of their file', async () => {
    const context = await contextOf(
      { 'client-certificate': 'pki/me.crt', 'client-key': '/abs/me.key', tokenFile: 'token' },
      { 'certificate-authority': 'ca.crt' },
    );
    expect(context.user.certFile).toBe(join(folder, 'pki/me.crt'));
    expect(context.user.keyFile).toBe('/abs/me.key');
    expect(context.cluster.caFile).toBe(join(folder, 'ca.crt'));
    expect(context.tokenFile).toBe(join(folder, 'token'));
  });

  it('starts a plugin that is named by a relative path from there too, and one without a path by its name', async () => {
    const commandOf = async (command: string): Promise<unknown> =>
      (await contextOf({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } })).user.exec;
    expect(await commandOf('./bin/login')).toMatchObject({ command: join(folder, 'bin/login') });
    expect(await commandOf('/opt/login')).toMatchObject({ command: '/opt/login' });
    expect(await commandOf('login')).toMatchObject({ command: 'login' });
  });

  it('takes the first of two entries of one name within a file', async () => {
    const twice = { users: ['first', 'second'].map((token) => ({ name: 'a', user: { token } })) };
    const path = await write('twice', { ...config('a', {}), ...twice });
    expect((await loadKubeconfig([path])).contexts.map(({ user }) => user.token)).toEqual(['first']);
  });

  it('leaves out contexts whose cluster is not there', async () => {
    const path = await write('one', { contexts: [{ name: 'lost', context: { cluster: 'gone', user: 'me' } }] });
    expect((await loadKubeconfig([path])).contexts).toEqual([]);
  });

  it('says where it looked, and which file is broken', async () => {
    expect(await rejection(loadKubeconfig([join(folder, 'nothing')]))).toMatchObject({ tag: 'notFound' });
    const broken = await write('broken', 'contexts: [unclosed');
    expect(await rejection(loadKubeconfig([broken]))).toMatchObject({
      tag: 'invalid',
      message: expect.stringContaining(broken),
    });
    expect(await rejection(loadKubeconfig([folder]))).toMatchObject({ tag: 'invalid' });
  });

  it('looks where kubectl does', () => {
    expect(usualPaths({ KUBECONFIG: ['/a', '', '/b'].join(delimiter) })).toEqual(['/a', '/b']);
    expect(usualPaths({ KUBECONFIG: '' })[0]).toMatch(/\.kube.config$/u);
  });
});

function clustersOf(name: string, server: string): object[] {
  return [{ name, cluster: { server } }];
}

/** A plugin in sh. */
async function plugin(script: string): Promise<string> {
  const path = await write('plugin', `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const credential = (status: object): string =>
  JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status });

async function execContext(script: string, more: object = {}): Promise<KubeContext> {
  return contextOf({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: await plugin(script), ...more } });
}

describe('ClusterAccess', () => {
  it.each([
    [{ token: 'abc' }, 'Bearer abc'],
    [{ username: 'ada', password: 'pass' }, `Basic ${Buffer.from('ada:pass').toString('base64')}`],
  ])('signs in with %j', async (user, authorization) => {
    const access = new ClusterAccess(await contextOf(user));
    expect((await access.credentials(signal)).headers['Authorization']).toBe(authorization);
    access.dispose();
  });

  it('impersonates, trusts and checks as the kubeconfig says', async () => {
    const access = new ClusterAccess(
      await contextOf(
        { token: 'x', as: 'somebody' },
        { 'certificate-authority-data': Buffer.from('the CA').toString('base64'), 'tls-server-name': 'inner' },
      ),
    );
    const { headers, tls } = await access.credentials(signal);
    expect(headers['Impersonate-User']).toBe('somebody');
    expect({ ca: String(tls.ca), servername: tls.servername }).toEqual({ ca: 'the CA', servername: 'inner' });
    access.dispose();
  });

  it.each(['socks5://127.0.0.1:1080', 'http://127.0.0.1:3128'])('goes through the proxy %s', async (url) => {
    const access = new ClusterAccess(await contextOf({ token: 'x' }, { 'proxy-url': url }));
    expect((await access.credentials(signal)).agent.constructor.name).toMatch(/ProxyAgent$/u);
    access.dispose();
  });

  it('reads a token from its file, and again when the cluster refuses it', async () => {
    const path = await write('token', 'first\n');
    const access = new ClusterAccess(await contextOf({ tokenFile: 'token' }));
    const before = await access.credentials(signal);
    await writeFile(path, 'second\n');
    expect((await access.credentials(signal)).headers['Authorization']).toBe('Bearer first');
    expect(access.refused(before)).toBe(true);
    expect((await access.credentials(signal)).headers['Authorization']).toBe('Bearer second');
    access.dispose();
  });

  it('runs a plugin once for all who ask, and again when its credential runs out or is refused', async () => {
    const count = join(folder, 'count');
    const soon = new Date(Date.now() + 10_000).toISOString();
    const script = (expires: string): string =>
      `echo x >> ${count}; printf '%s' '${credential({ token: 'TOKEN', expirationTimestamp: expires })}' | sed "s/TOKEN/t$(wc -l < ${count} | tr -d ' ')/"`;
    const access = new ClusterAccess(await execContext(script(new Date(Date.now() + 3_600_000).toISOString())));
    const [one, two] = await Promise.all([access.credentials(signal), access.credentials(signal)]);
    expect([one, two].map(({ headers }) => headers['Authorization'])).toEqual(['Bearer t1', 'Bearer t1']);
    expect(access.refused(one)).toBe(true);
    expect((await access.credentials(signal)).headers['Authorization']).toBe('Bearer t2');
    access.dispose();
    const brief = new ClusterAccess(await execContext(script(soon)));
    await brief.credentials(signal);
    expect((await brief.credentials(signal)).headers['Authorization']).toBe('Bearer t4');
    brief.dispose();
  });

  it('tells a plugin of the cluster where it asks for that, and gives it its own environment', async () => {
    const out = join(folder, 'out');
    const access = new ClusterAccess(
      await execContext(
        `printf '%s|%s|%s' "$KUBERNETES_EXEC_INFO" "$PROFILE" "$1" > ${out}; printf '%s' '${credential({ token: 't' })}'`,
        {
          args: ['get-token'],
          env: [{ name: 'PROFILE', value: 'lab' }],
          provideClusterInfo: true,
        },
      ),
    );
    await access.credentials(signal);
    const [info = '', profile, argument] = (await readFile(out, 'utf8')).split('|');
    expect(JSON.parse(info)).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://a.example' } },
    });
    expect([profile, argument]).toEqual(['lab', 'get-token']);
    access.dispose();
  });

  it.each([
    ['echo "SSO session has expired" >&2; exit 3', 'failed with exit code 3', 'SSO session has expired'],
    ['echo not json', 'did not print a credential', undefined],
    ['kill -9 $$', 'was ended by SIGKILL', ''],
  ])('passes on what a plugin says that does %j', async (script, message, raw) => {
    const access = new ClusterAccess(await execContext(script));
    const error = await rejection(access.credentials(signal));
    expect(error).toMatchObject({
      tag: 'auth',
      message: expect.stringContaining(message),
      remedy: expect.stringMatching(/\S/u),
    });
    expect(error).toHaveProperty('raw', raw);
    access.dispose();
  });

  it('shows how to install a plugin that is not there', async () => {
    const access = new ClusterAccess(
      await contextOf({ exec: { command: join(folder, 'missing'), installHint: 'Install it with apt.' } }),
    );
    expect(await rejection(access.credentials(signal))).toMatchObject({ tag: 'auth', remedy: 'Install it with apt.' });
    access.dispose();
  });

  it('does not wait for a plugin when nobody does', async () => {
    const access = new ClusterAccess(await execContext('exec sleep 30'));
    const stop = new AbortController();
    const asking = rejection(access.credentials(stop.signal));
    const reason = new Error('stopped by the test');
    stop.abort(reason);
    expect(await asking).toBe(reason);
    access.dispose();
  });

  it('says when a sign-in ends, but not when a plugin renews it by itself', async () => {
    const at = Math.floor(Date.now() / 1000) + 86_400;
    const jwt = ['e30', Buffer.from(JSON.stringify({ exp: at })).toString('base64url'), 'x'].join('.');
    const expires = (ms: number): string =>
      credential({ token: 't', expirationTimestamp: new Date(Date.now() + ms).toISOString() });
    const endOf = async (context: KubeContext): Promise<number | null> => {
      const access = new ClusterAccess(context);
      const { signInEndsAt } = await access.credentials(signal);
      access.dispose();
      return signInEndsAt;
    };
    expect(await endOf(await contextOf({ token: jwt }))).toBe(at * 1000);
    expect(await endOf(await contextOf({ token: 'opaque' }))).toBeNull();
    expect(await endOf(await execContext(`printf '%s' '${expires(900_000)}'`))).toBeNull();
    expect(await endOf(await execContext(`printf '%s' '${expires(12 * 3_600_000)}'`))).toBeGreaterThan(
      Date.now() + 11 * 3_600_000,
    );
  });
});

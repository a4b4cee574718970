import { Exec, PortForward, type V1Status } from '@kubernetes/client-node';
import { connect, createServer, type AddressInfo } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  type ClientCluster,
  finishedJob,
  nameOf,
  namespace,
  noContainers,
  podsOf,
  runningPod,
  shellJob,
  startWithClients,
  until,
} from './cluster.ts';

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: V1Status;
}

describe.skipIf(noContainers !== null)('exec and port-forward of the emulated cluster', () => {
  let cluster: ClientCluster;
  let pod: string;
  beforeAll(async () => {
    cluster = await startWithClients();
    await cluster.batch.createNamespacedJob({
      namespace,
      body: shellJob('box', 'cd /tmp; echo here > mine; while :; do sleep 0.05; done'),
    });
    pod = nameOf(await runningPod(cluster, 'box'));
    await until(
      async () => run(['cat', '/tmp/mine']),
      ({ stdout }) => stdout === 'here\n',
    );
  });
  afterAll(async () => cluster.stop());

  const run = async (command: string[], stdin: Readable | null = null): Promise<Ran> => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const done = Promise.withResolvers<V1Status>();
    await new Exec(cluster.config).exec(namespace, pod, 'main', command, out, err, stdin, false, done.resolve);
    const status = await done.promise;
    out.end();
    err.end();
    return { stdout: await text(out), stderr: await text(err), status };
  };

  it("runs a command inside the container through the vendor's client", async () => {
    const { stdout, stderr, status } = await run(['sh', '-c', 'hostname; pwd; cat mine; echo oops >&2']);
    expect({ stdout, stderr }).toEqual({ stdout: `${pod}\n/tmp\nhere\n`, stderr: 'oops\n' });
    expect(status).toMatchObject({ status: 'Success' });
  });

  it('tells the exit code', async () => {
    const { status } = await run(['sh', '-c', 'exit 5']);
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: 'command terminated with non-zero exit code: command terminated with exit code 5',
      details: { causes: [{ reason: 'ExitCode', message: '5' }] },
    });
  });

  it('takes a large stdin and notices its end, with v5', async () => {
    const bytes = Buffer.alloc(3_000_000, 'a');
    const { stdout, status } = await run(['sh', '-c', 'wc -c'], Readable.from([bytes]));
    expect({ count: stdout.trim(), status: status.status }).toEqual({ count: '3000000', status: 'Success' });
  });

  const open = async (query: string, protocol: string): Promise<WebSocket> => {
    const url = `${cluster.url.replace('https', 'wss')}/api/v1/namespaces/${namespace}/pods/${pod}/${query}`;
    const ws = new WebSocket(url, [protocol], {
      ca: cluster.caCert,
      headers: { authorization: `Bearer ${cluster.token}` },
    });
    await new Promise((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    return ws;
  };

  it('knows no end of stdin with v4', async () => {
    const ws = await open(
      'exec?container=main&command=head&command=-c&command=3&stdin=true&stdout=true',
      'v4.channel.k8s.io',
    );
    const said: Buffer[] = [];
    ws.on('message', (data: Buffer) => said.push(data));
    const closed = new Promise((resolve) => {
      ws.once('close', resolve);
    });
    ws.send(Buffer.from([255, 0]));
    ws.send(Buffer.concat([Buffer.from([0]), Buffer.from('abc')]));
    expect(await closed).toBe(1000);
    expect(said.map((data) => `${data[0] ?? ''}:${data.subarray(1).toString()}`)).toEqual([
      '1:',
      '1:abc',
      '3:{"metadata":{},"status":"Success"}',
    ]);
  });

  it('gives a terminal that can be resized', async () => {
    const query = 'exec?container=main&command=sh&stdin=true&stdout=true&tty=true';
    const ws = await open(query, 'v5.channel.k8s.io');
    let screen = '';
    ws.on('message', (data: Buffer) => {
      screen += data[0] === 1 ? data.subarray(1).toString() : '';
    });
    const type = (line: string): void => ws.send(Buffer.concat([Buffer.from([0]), Buffer.from(`${line}\n`)]));
    ws.send(Buffer.concat([Buffer.from([4]), Buffer.from(JSON.stringify({ Width: 132, Height: 43 }))]));
    type('tty');
    await until(
      async () => screen,
      (shown) => /\/dev\/pts\/\d+/u.test(shown),
    );
    await until(
      async () => {
        type('stty size');
        return screen;
      },
      (shown) => shown.includes('43 132'),
    );
    type('exit 7');
    await new Promise((resolve) => {
      ws.once('close', resolve);
    });
    expect(screen).toContain('exit 7');
  });

  it('finds no container in a pod that has ended', async () => {
    await cluster.batch.createNamespacedJob({ namespace, body: shellJob('over', 'true') });
    await finishedJob(cluster, 'over');
    const running = pod;
    pod = nameOf((await podsOf(cluster, 'over'))[0] ?? {});
    const { status } = await run(['true']);
    pod = running;
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      message: 'Internal error occurred: unable to upgrade connection: container not found ("main")',
    });
  });

  const refusedUpgrade = async (name: string): Promise<{ code: number; body: string }> =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(
        `${cluster.url.replace('https', 'wss')}/api/v1/namespaces/${namespace}/pods/${name}/exec?command=true&stdout=true`,
        ['v5.channel.k8s.io'],
        { ca: cluster.caCert, headers: { authorization: `Bearer ${cluster.token}` } },
      );
      ws.once('unexpected-response', (_, response) => {
        void text(response).then((body) => resolve({ code: response.statusCode ?? 0, body }));
      });
      ws.once('error', reject);
      ws.once('open', () => reject(new Error('it was opened')));
    });

  it('refuses to upgrade in plain HTTP, with a Status', async () => {
    const { code, body } = await refusedUpgrade('nobody');
    expect({ code, body: JSON.parse(body) as unknown }).toMatchObject({
      code: 404,
      body: { kind: 'Status', message: 'pods "nobody" not found' },
    });
  });

  it('lets a proxy refuse in its place, and loses the connection on command', async () => {
    const on = { resource: 'pods', subresource: 'exec' };
    cluster.control.addFault({ on, kind: 'answer', code: 502, contentType: 'text/html', body: '<h1>Bad Gateway</h1>' });
    expect(await refusedUpgrade(pod)).toEqual({ code: 502, body: '<h1>Bad Gateway</h1>' });
    cluster.control.addFault({ on, kind: 'loseRequest' });
    await expect(refusedUpgrade(pod)).rejects.toThrow(/socket hang up|ECONNRESET/u);
  });

  it("forwards a port through the vendor's client, and says where nobody listens", async () => {
    const server = createServer((socket) => {
      socket.on('data', (chunk) => socket.write(`you said ${chunk.toString()}`));
    });
    const { podIP } = (await cluster.core.readNamespacedPod({ namespace, name: pod })).status ?? {};
    await new Promise<void>((resolve) => {
      server.listen(0, podIP, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const forward = new PortForward(cluster.config);
    const local = createServer((socket) => void forward.portForward(namespace, pod, [port], socket, null, socket));
    await new Promise<void>((resolve) => {
      local.listen(0, '127.0.0.1', resolve);
    });
    const client = connect((local.address() as AddressInfo).port, '127.0.0.1');
    client.write('hello');
    const said = await new Promise((resolve) => {
      client.once('data', (chunk) => resolve(chunk.toString()));
    });
    expect(said).toBe('you said hello');
    client.destroy();
    server.close();
    local.close();
    const errors: string[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _, done) => {
        errors.push(chunk.toString());
        done();
      },
    });
    await forward.portForward(namespace, pod, [port], new PassThrough(), sink, new PassThrough());
    await until(
      async () => errors.join(''),
      (all) => all !== '',
    );
    expect(errors.join('')).toMatch(new RegExp(`^error forwarding port ${port} to pod .*: connection refused`, 'u'));
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ask } from '../../../../../src/core/ask.ts';
import type { NewConnection } from '../../../../../src/core/provider.ts';
import { provider } from '../../../../../src/providers/kubernetes/index.ts';
import { setUpCluster } from '../../../../../src/providers/kubernetes/setUp.ts';
import { coreWeave } from '../../../../../src/providers/kubernetes/coreweave.ts';
import { anyKubernetes } from '../../../../../src/providers/kubernetes/flavour.ts';
import { never, rejection } from '../../../../conformance/harness.ts';
import { jobs } from '../../../../emulators/kubernetes/objects/resources.ts';
import { Lab } from '../../../../fixtures/kubernetes/lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.start({ namespaces: ['lab', 'other'] });
});

afterAll(async () => {
  await lab.stop();
});

interface Asked {
  readonly title: string;
  readonly values: readonly string[];
  readonly detail: string;
}

/** Somebody who gives these answers in turn. */
function somebody(...answers: readonly (string | boolean | undefined)[]): {
  readonly ask: Ask;
  readonly asked: Asked[];
} {
  const asked: Asked[] = [];
  const rest = [...answers];
  const next = (question: Asked): string | undefined => {
    asked.push(question);
    const answer = rest.shift();
    return typeof answer === 'boolean' ? String(answer) : answer;
  };
  return {
    asked,
    ask: {
      choose: async ({ title, placeholder, choices }) =>
        next({ title, values: choices.map(({ value }) => value), detail: placeholder ?? '' }),
      type: async ({ title, value }) => next({ title, values: [value], detail: '' }),
      confirm: async ({ title, detail }) => next({ title, values: [], detail }) === 'true',
    },
  };
}

async function setUp(ask: Ask, flavour = anyKubernetes): Promise<NewConnection | undefined> {
  const { clock, logger } = lab.ports();
  return setUpCluster({ ask, clock, logger }, flavour, never());
}

describe('setUp', () => {
  it('asks for a context and a namespace, and no more', async () => {
    const { ask, asked } = somebody(lab.cluster.kubeconfigPath, 'admin', 'lab');
    const made = await setUp(ask);
    expect(made).toEqual({
      label: 'admin / lab',
      settings: { kubeconfig: lab.cluster.kubeconfigPath, context: 'admin', namespace: 'lab' },
    });
    expect(asked.map(({ values }) => values).slice(1)).toEqual([
      ['admin', 'certificate'],
      ['default', 'lab', 'other'],
    ]);
    const connection = provider.connect(made?.settings ?? {}, lab.ports());
    expect((await connection.identity(never())).account).toBe('admin');
    await connection.dispose();
  });

  it('lists what kubectl would use, CoreWeave’s clusters first where those were asked for', async () => {
    const path = await lab.cluster.writeKubeconfig('many', {}, []);
    const clusters = [
      ['a', 'https://a.example'],
      ['cw', 'https://lab-1234.k8s.us-east-04a.coreweave.com'],
      ['z', 'https://z.example'],
    ].map(([name, server]) => ({ name, cluster: { server } }));
    const contexts = clusters.map(({ name }) => ({ name, context: { cluster: name, user: 'nobody' } }));
    await writeFile(path, JSON.stringify({ clusters, contexts, users: [], 'current-context': 'z' }));
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = path;
    try {
      const any = somebody(undefined);
      expect(await setUp(any.ask)).toBeUndefined();
      expect(any.asked[0]?.values).toEqual(['z', 'a', 'cw']);
      const theirs = somebody(undefined);
      await setUp(theirs.ask, coreWeave);
      expect(theirs.asked[0]?.values).toEqual(['cw', 'z', 'a']);
    } finally {
      if (before === undefined) {
        delete process.env['KUBECONFIG'];
      } else {
        process.env['KUBECONFIG'] = before;
      }
    }
  });

  it('has the namespace typed where they may not be listed, and names the rights that are missing', async () => {
    lab.control.addUser({ name: 'ada', groups: [] }, 'ada-token', [
      {
        verbs: ['*'],
        apiGroups: ['*'],
        namespace: 'lab',
        resources: ['jobs', 'pods', 'pods/log', 'secrets', 'services', 'events'],
      },
    ]);
    const path = await lab.cluster.writeKubeconfig('ada', { ada: { kind: 'token', token: 'ada-token' } }, [
      { name: 'ada', user: 'ada', namespace: 'lab' },
    ]);
    const { ask, asked } = somebody(path, 'lab', true);
    expect(await setUp(ask)).toMatchObject({ label: 'ada / lab' });
    expect(asked.map(({ values }) => values).slice(1)).toEqual([['lab'], []]);
    expect(asked[2]?.detail).toContain('create pods/exec (to send large code, fetch results and open shells)');
    expect(asked[2]?.detail).toContain('create pods/portforward (to forward ports)');
    expect(await setUp(somebody(path, 'lab', false).ask)).toBeUndefined();
  });

  it('tells the truth of rights: without those that are only useful, jobs can be submitted', async () => {
    const rule = (verbs: readonly ('*' | 'create' | 'get')[], resources: readonly string[]) => ({
      verbs,
      resources,
      apiGroups: ['', 'batch'],
      namespace: 'lab',
    });
    const few = [rule(['*'], ['jobs', 'pods', 'pods/log']), rule(['create'], ['secrets'])];
    lab.control.addUser({ name: 'eve', groups: [] }, 'eve-token', few);
    const path = await lab.cluster.writeKubeconfig('eve', { eve: { kind: 'token', token: 'eve-token' } }, [
      { name: 'eve', user: 'eve', namespace: 'lab' },
    ]);
    const { ask, asked } = somebody(path, 'lab', true);
    const made = await setUp(ask);
    expect(asked[2]?.detail).toContain('get secrets (to send code only once)');
    expect(asked[2]?.detail).toContain('get pods/portforward (to forward ports)');
    const { name } = await lab.submit(lab.open(made?.settings), 'true');
    expect(lab.control.get(jobs, 'lab', name)).toBeDefined();
    lab.control.addUser({ name: 'eve', groups: [] }, 'eve-token', [
      rule(['create', 'get'], ['jobs', 'pods/log', 'secrets']),
    ]);
    expect(await rejection(setUp(somebody(path, 'lab').ask))).toMatchObject({
      remedy: expect.stringContaining('get pods (to read logs)'),
    });
  });

  it('refuses a namespace in which nothing would work, with what is missing', async () => {
    lab.control.addUser({ name: 'bob', groups: [] }, 'bob-token', []);
    const path = await lab.cluster.writeKubeconfig('bob', { bob: { kind: 'token', token: 'bob-token' } }, [
      { name: 'bob', user: 'bob', namespace: 'lab' },
    ]);
    expect(await rejection(setUp(somebody(path, 'lab').ask))).toMatchObject({
      tag: 'auth',
      remedy: expect.stringContaining('create jobs.batch (to submit jobs)'),
    });
  });

  it('takes the path of another file where the usual one is broken, and says so', async () => {
    const broken = join(lab.folder, 'broken');
    await writeFile(broken, 'contexts: [unclosed');
    const before = process.env['KUBECONFIG'];
    process.env['KUBECONFIG'] = broken;
    try {
      const { ask, asked } = somebody(lab.cluster.kubeconfigPath, 'admin', 'lab');
      expect(await setUp(ask)).toMatchObject({ label: 'admin / lab' });
      expect(asked[0]?.detail).toContain(`${broken} is no kubeconfig that can be read.`);
    } finally {
      if (before === undefined) {
        delete process.env['KUBECONFIG'];
      } else {
        process.env['KUBECONFIG'] = before;
      }
    }
  });

  it('says what is wrong with a path', async () => {
    expect(await rejection(setUp(somebody(join(lab.folder, 'nothing')).ask))).toMatchObject({ tag: 'notFound' });
  });

  it('says that the cluster does not answer', async () => {
    lab.control.addFault({ on: { resource: 'namespaces', verb: 'list' }, kind: 'loseRequest' });
    const error = await rejection(setUp(somebody(lab.cluster.kubeconfigPath, 'admin').ask));
    expect(error).toMatchObject({ tag: 'transient' });
  });
});

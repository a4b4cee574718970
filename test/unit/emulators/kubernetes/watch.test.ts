import { Watch, makeInformer } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMaps } from '../../../emulators/kubernetes/objects/resources.ts';
import { type ClientCluster, nameOf, namespace, startWithClients, until } from './cluster.ts';
import { rawWatch } from './rawRequest.ts';

const path = `/api/v1/namespaces/${namespace}/configmaps?watch=1`;

describe('watching the emulated cluster', () => {
  let cluster: ClientCluster;
  beforeAll(async () => {
    cluster = await startWithClients({ timing: { bookmark: 50 } });
  });
  afterAll(async () => cluster.stop());

  const make = async (name: string, labels = {}): Promise<string> => {
    const made = await cluster.core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } });
    return made.metadata?.resourceVersion ?? '';
  };
  const version = async (): Promise<string> => {
    const list = await cluster.core.listNamespacedConfigMap({ namespace });
    return list.metadata?.resourceVersion ?? '';
  };

  it('tells what comes after a version, and nothing of before', async () => {
    await make('before');
    const watch = await rawWatch(cluster, `${path}&resourceVersion=${await version()}`);
    await make('after');
    await cluster.core.patchNamespacedConfigMap({
      namespace,
      name: 'after',
      body: [{ op: 'add', path: '/data', value: { key: 'value' } }],
    });
    await cluster.core.deleteNamespacedConfigMap({ namespace, name: 'after' });
    const events = [await watch.next(), await watch.next(), await watch.next()];
    expect(events.map((event) => [event?.type, event?.object.metadata.name])).toEqual([
      ['ADDED', 'after'],
      ['MODIFIED', 'after'],
      ['DELETED', 'after'],
    ]);
    const versions = events.map((event) => Number(event?.object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    watch.close();
  });

  it('begins with all there is where no version is given', async () => {
    await make('there');
    const watch = await rawWatch(cluster, `${path}&fieldSelector=metadata.name=there`);
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'there' } } });
    watch.close();
  });

  it('says ADDED and DELETED of what begins and ceases to match a selector', async () => {
    const watch = await rawWatch(cluster, `${path}&labelSelector=side%3Dleft&resourceVersion=${await version()}`);
    await make('mover', { side: 'right' });
    const set = async (side: string): Promise<void> => {
      await cluster.core.patchNamespacedConfigMap({
        namespace,
        name: 'mover',
        body: [{ op: 'replace', path: '/metadata/labels/side', value: side }],
      });
    };
    await set('left');
    await set('right');
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'mover' } } });
    expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'mover' } } });
    watch.close();
  });

  it('sends bookmarks to those who want them, with a version that is good to go on from', async () => {
    const watch = await rawWatch(cluster, `${path}&allowWatchBookmarks=true&resourceVersion=${await version()}`);
    await cluster.core.createNamespacedSecret({ namespace, body: { metadata: { name: 'something-else' } } });
    const bookmark = await watch.next();
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap' } });
    expect(Number(bookmark?.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(await version()) - 1);
    watch.close();
  });

  it('lists and watches in one where sendInitialEvents is given', async () => {
    await make('initial');
    const watch = await rawWatch(
      cluster,
      `${path}&fieldSelector=metadata.name=initial&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    expect(await watch.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'initial' } } });
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    watch.close();
  });

  it('says of a version that is compacted away that it has expired, in the stream', async () => {
    const old = await version();
    await make('newer');
    cluster.control.compact();
    const watch = await rawWatch(cluster, `${path}&resourceVersion=${old}`);
    const event = await watch.next();
    expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    expect(event?.object.message).toMatch(new RegExp(`^too old resource version: ${old} \\(\\d+\\)$`, 'u'));
    expect(await watch.ended).toBe(true);
  });

  it('waits silently for a version of the future', async () => {
    const watch = await rawWatch(cluster, `${path}&resourceVersion=999999&timeoutSeconds=1`);
    await make('too-early');
    expect(await watch.next()).toBeUndefined();
    expect(await watch.ended).toBe(true);
  });

  it('ends well after timeoutSeconds', async () => {
    const watch = await rawWatch(cluster, `${path}&resourceVersion=${await version()}&timeoutSeconds=1`);
    expect(await watch.ended).toBe(true);
  });

  it('breaks off when its connection is cut', async () => {
    const watch = await rawWatch(cluster, `${path}&resourceVersion=${await version()}`);
    await until(
      async () => cluster.control.watches.count('configmaps'),
      (count) => count === 1,
    );
    cluster.control.watches.cut('configmaps');
    expect(await watch.ended).toBe(false);
  });

  it("serves the vendor's Watch", async () => {
    const seen: string[] = [];
    const done = Promise.withResolvers<unknown>();
    const abort = await new Watch(cluster.config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: await version() },
      (type: string, object: { metadata: { name: string } }) => seen.push(`${type} ${object.metadata.name}`),
      done.resolve,
    );
    await make('by-client');
    await until(
      async () => seen,
      (all) => all.length === 1,
    );
    expect(seen).toEqual(['ADDED by-client']);
    abort.abort();
    await done.promise;
  });

  it("feeds the vendor's informer, which lists anew when its watch is cut and the history is gone", async () => {
    const known = new Set<string>();
    const informer = makeInformer(cluster.config, `/api/v1/namespaces/${namespace}/configmaps`, async () =>
      cluster.core.listNamespacedConfigMap({ namespace }),
    );
    informer.on('add', (object) => known.add(nameOf(object)));
    informer.on('delete', (object) => known.delete(nameOf(object)));
    informer.on('error', () => void informer.start());
    await informer.start();
    await make('informed');
    await until(
      async () => known,
      (all) => all.has('informed'),
    );
    cluster.control.watches.cut();
    cluster.control.compact();
    cluster.control.create(configMaps, namespace, { metadata: { name: 'after-the-cut' } });
    await until(
      async () => known,
      (all) => all.has('after-the-cut'),
    );
    await informer.stop();
  });
});

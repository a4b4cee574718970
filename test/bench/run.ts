// Runs the benches of sections, single ones, or all of them; prints a table and leaves the figures in out/bench.json, key to number.
import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';

import { benchActivation, benchActivationWithoutClouds } from './activation.ts';
import { benchCloudsGoogle } from './cloudsGoogle.ts';
import { benchCloudsAzure } from './cloudsAzure.ts';
import { benchClustersKubernetes } from './clustersKubernetes.ts';
import { benchClustersSlurm } from './clustersSlurm.ts';
import { benchLog } from './log.ts';
import { benchLogColours } from './logColours.ts';
import { benchLogWorkbench } from './logWorkbench.ts';
import { benchMetrics } from './metrics.ts';
import { benchSizes } from './sizes.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchSpool } from './spool.ts';
import { benchStore } from './store.ts';
import { benchWatch } from './watch.ts';
import { benchWorkbench } from './workbench.ts';

type Figures = Readonly<Record<string, number>>;
type Bench = () => Promise<Figures>;

const sections: Readonly<Record<string, Readonly<Record<string, Bench>>>> = {
  core: {
    sizes: benchSizes,
    activation: benchActivation,
    workbench: benchWorkbench,
    store: benchStore,
    watch: benchWatch,
    spool: benchSpool,
    snapshot: benchSnapshot,
  },
  clusters: { kubernetes: benchClustersKubernetes, slurm: benchClustersSlurm },
  clouds: { google: benchCloudsGoogle, azure: benchCloudsAzure, activation: benchActivationWithoutClouds },
  log: { files: benchLog, colours: benchLogColours, workbench: benchLogWorkbench, metrics: benchMetrics },
};

/** The most that is allowed, on two shared cores. */
const targets = new Map([
  ['bundle.host.bytes', 153_600],
  ['vsix.bytes', 1_500_000],
  ['activate.ms', 20],
  ['submit.accepted.ms', 300],
  ['line.latency.p95.ms', 300],
  ['snapshot.10k.again.ms', 500],
  ['store.jobs.10k.open.ms', 200],
  ['watch.1000.cpu.percent', 5],
  ['slurm.submit.ms', 1500],
  ['slurm.status.500.commands', 1],
  ['slurm.line.latency.p95.ms', 500],
  ['log.scan.vs.wc', 5],
  ['log.host.rss.mb', 50],
  ['log.host.retained.mb', 20],
  ['log.search.literal.ms', 500],
  ['log.search.literal.vs.rg', 6],
  ['log.search.regex.ms', 1500],
  ['log.search.cancel.ms', 50],
  ['log.ingest100k.host.cpu.percent', 10],
  ['log.ingest100k.loop.max.ms', 50],
  ['log.open.paint.ms', 300],
  ['log.open.count.ms', 500],
  ['log.jump.p95.ms', 33],
  ['log.jump.p99.ms', 50],
  ['log.scroll.blank.percent', 0],
  ['log.webview.rss.mb', 100],
  ['log.tail.p50.ms', 35],
  ['log.tail.p95.ms', 60],
  ['log.metrics.7m.ms', 1500],
  ['k8s.status.1000.requests.per.min', 2],
  ['k8s.line.latency.p95.ms', 300],
  ['bundle.kubernetes.bytes', 3_500_000],
  ['google.load.ms', 250],
  ['google.bundle.bytes', 3_000_000],
  ['google.submit.ms', 150],
  ['google.logs.calls.per.min', 20],
  ['azure.load.ms', 80],
  ['azure.bundle.bytes', 1_000_000],
  ['azure.submit.ms', 150],
]);

/** `log` is all of a section, `log.metrics` one of its benches. */
function chosenBenches(names: readonly string[]): readonly Bench[] {
  const all = Object.entries(sections).flatMap(([section, benches]) =>
    Object.entries(benches).map(([name, bench]) => ({ section, name: `${section}.${name}`, bench })),
  );
  const isNamed = (name: string, bench: (typeof all)[number]): boolean => name === bench.section || name === bench.name;
  const unknown = names.filter((name) => !all.some((bench) => isNamed(name, bench)));
  if (unknown.length > 0) {
    const known = [...Object.keys(sections), ...all.map(({ name }) => name)];
    throw new Error(`No bench ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  }
  return all
    .filter((bench) => names.length === 0 || names.some((name) => isNamed(name, bench)))
    .map(({ bench }) => bench);
}

function format(value: number | undefined): string {
  return value === undefined ? '' : value.toLocaleString('en', { maximumFractionDigits: 1 });
}

function verdict(value: number, target: number | undefined): string {
  if (target === undefined) {
    return '';
  }
  return value <= target ? 'ok' : 'over';
}

/** A line per figure: what it is, its value, the most it may be, what peers took for the same. */
function table(figures: Figures): string {
  const rows = Object.entries(figures)
    .filter(([key]) => !key.includes('.peer'))
    .map(([key, value]) => {
      const target = targets.get(key);
      const peers = Object.entries(figures).filter(([other]) => other.startsWith(`${key}.peer`));
      const beside = peers.map(([peer, ms]) => `${format(ms)}${peer.slice(`${key}.peer`.length).replace('.', ' ')}`);
      return [key, format(value), format(target), beside.join(', '), verdict(value, target)];
    });
  const all = [['key', 'value', 'target', 'peer', ''], ...rows];
  const width = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0));
  const line = ([key = '', value = '', target = '', peer = '', end = '']: readonly string[]): string =>
    `${key.padEnd(width(0))}  ${value.padStart(width(1))}  ${target.padStart(width(2))}  ${peer.padEnd(width(3))}  ${end}`;
  return all.map((row) => line(row).trimEnd()).join('\n');
}

const benches = chosenBenches(process.argv.slice(2));
// Who reads the figures later has to know whether the machine was busy with something else.
const figures: Record<string, number> = { 'machine.load': loadavg()[0] ?? Number.NaN };
for (const bench of benches) {
  const started = performance.now();
  try {
    Object.assign(figures, await bench());
    console.log(`${bench.name} took ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.error(`${bench.name} failed:`, error);
    process.exitCode = 1;
  }
}
const out = join(import.meta.dirname, '..', '..', 'out');
await mkdir(out, { recursive: true });
await writeFile(join(out, 'bench.json'), `${JSON.stringify(figures, null, 2)}\n`);
console.log(`\n${table(figures)}`);

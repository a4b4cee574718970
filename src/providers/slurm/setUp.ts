import type { KeyValue, Secrets, SetUpPorts } from '../../core/ports.ts';
import type { JsonObject, NewConnection } from '../../core/provider.ts';
import { isProviderError } from '../../core/providerError.ts';
import type { SlurmHost } from './host.ts';
import { LocalHost } from './localHost.ts';
import { knowledgeOf } from './offers/acceleratorNames.ts';
import { discoverScript } from './offers/discoverScript.ts';
import { parseSite, type Site } from './offers/site.ts';
import { parseSettings } from './settings.ts';
import { SlurmShell } from './shell/slurmShell.ts';
import { listHosts } from './ssh/hosts.ts';
import { SshHost } from './ssh/sshHost.ts';

export interface SetUpTexts {
  readonly title: string;
  /** What to choose or type, in the box itself. */
  readonly placeholder: string;
}

const here = 'this-machine';

/** Asks for the host, then, where there is something to choose, for the account or for what makes Slurm available. */
export async function setUpSlurm(
  texts: SetUpTexts,
  ports: SetUpPorts,
  signal: AbortSignal,
  sshConfig?: string,
): Promise<NewConnection | undefined> {
  const chosen = await chooseHost(texts, ports, signal, sshConfig);
  if (chosen === undefined) {
    return undefined;
  }
  const name = chosen === here ? null : chosen;
  const host = name === null ? new LocalHost() : new SshHost({ host: name, configFile: sshConfig }, withMemory(ports));
  try {
    const reach: JsonObject = { host: name, ...(sshConfig === undefined ? {} : { sshConfig }) };
    const found = await discover(host, reach, texts, ports, signal);
    if (found === undefined) {
      return undefined;
    }
    const { site, prologue, isAsked } = found;
    const account = isAsked || site.accounts.length < 2 ? null : await chooseAccount(site, texts, ports, signal);
    if (account === undefined) {
      return undefined;
    }
    const [spotPartition = null] = knowledgeOf(site).preemptible;
    const settings = {
      ...reach,
      ...(prologue === '' ? {} : { prologue }),
      ...(account === null ? {} : { account }),
      ...(spotPartition === null ? {} : { spotPartition }),
    };
    return { label: name ?? 'Slurm on this machine', settings };
  } finally {
    await host.dispose();
  }
}

async function chooseHost(
  { title, placeholder }: SetUpTexts,
  { ask }: SetUpPorts,
  signal: AbortSignal,
  sshConfig: string | undefined,
): Promise<string | undefined> {
  const [aliases, isHere] = await Promise.all([listHosts(sshConfig), hasSlurm(signal)]);
  const own = { value: here, label: 'This machine', description: "Slurm's commands are here" };
  return ask.choose(
    {
      title,
      placeholder,
      choices: [
        ...(isHere ? [own] : []),
        ...aliases.map((alias) => ({ value: alias, label: alias, description: '~/.ssh/config' })),
      ],
      mayType: true,
    },
    signal,
  );
}

async function hasSlurm(signal: AbortSignal): Promise<boolean> {
  const host = new LocalHost();
  try {
    return (await host.run({ text: 'command -v sbatch' }, signal)).exitCode === 0;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    await host.dispose();
  }
}

interface Discovered {
  readonly site: Site;
  readonly prologue: string;
  /** The second question was asked already. */
  readonly isAsked: boolean;
}

/** Looks at the cluster; where Slurm's commands are not found, asks what makes them available. */
async function discover(
  host: SlurmHost,
  reach: JsonObject,
  { title }: SetUpTexts,
  { ask }: SetUpPorts,
  signal: AbortSignal,
): Promise<Discovered | undefined> {
  const look = async (prologue: string): Promise<Site> =>
    parseSite(await new SlurmShell(host, parseSettings({ ...reach, prologue })).run({ text: discoverScript }, signal));
  try {
    return { site: await look(''), prologue: '', isAsked: false };
  } catch (error) {
    if (signal.aborted || !isProviderError(error) || error.tag !== 'unsupported') {
      throw error;
    }
  }
  const prologue = await ask.type(
    {
      title,
      prompt: "Slurm's commands are not on the PATH there. What makes them available?",
      value: 'module load slurm',
      isSecret: false,
      check: (typed) => (typed.trim() === '' ? 'Write a line of shell, such as module load slurm' : null),
    },
    signal,
  );
  return prologue === undefined ? undefined : { site: await look(prologue), prologue, isAsked: true };
}

/** null: Slurm's own default; undefined: the person went away. */
async function chooseAccount(
  { accounts }: Site,
  { title }: SetUpTexts,
  { ask }: SetUpPorts,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  const usual = ' ';
  const chosen = await ask.choose(
    {
      title,
      placeholder: 'Which account shall jobs use when none is chosen?',
      choices: [
        { value: usual, label: 'Your default account' },
        ...accounts.map((account) => ({ value: account, label: account })),
      ],
      mayType: false,
    },
    signal,
  );
  return chosen === usual ? null : chosen;
}

/** A passphrase is kept for as long as the set-up takes; the connection asks for it again and may keep it. */
function withMemory(ports: SetUpPorts): SetUpPorts & { readonly secrets: Secrets; readonly keyValue: KeyValue } {
  const values = new Map<string, string>();
  return {
    ...ports,
    keyValue: {
      get: (key) => values.get(key),
      set: async (key, value) => {
        values.set(key, value);
      },
    },
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
  };
}

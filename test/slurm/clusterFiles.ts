import { join } from 'node:path';

export const nodes = ['n1', 'n2'] as const;

export interface ClusterLayout {
  readonly folder: string;
  /** The machine's own short name: Slurm insists on it. */
  readonly host: string;
  readonly ports: {
    readonly controller: number;
    readonly nodes: readonly [number, number];
    readonly accounting: number;
    readonly database: number;
  };
  readonly accounting: boolean;
  /** Of the installed Slurm: 22.05, 24.11. */
  readonly version: number;
  readonly config: readonly string[];
}

/** The configuration files of a cluster, by name. */
export function clusterFiles(layout: ClusterLayout): Record<string, string> {
  const { folder } = layout;
  return {
    'slurm.conf': slurmConf(layout),
    'gres.conf': `AutoDetect=off\nNodeName=n[1-2] Name=gpu Type=h100 File=${folder}/dev/nvidia[0-7]\n`,
    // No cgroups at all; 22.05 does not know the word for it.
    'cgroup.conf': `CgroupPlugin=${layout.version < 23 ? 'cgroup/v1' : 'disabled'}\n`,
  };
}

function slurmConf({ folder, host, ports, accounting, config }: ClusterLayout): string {
  const node = (name: string, port: number): string =>
    `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=8 CoresPerSocket=8 Sockets=1 ` +
    'ThreadsPerCore=1 RealMemory=4000 Gres=gpu:h100:8 Feature=h100,nvlink State=UNKNOWN';
  const accountingLines = accounting
    ? [
        'AccountingStorageType=accounting_storage/slurmdbd',
        'AccountingStorageHost=127.0.0.1',
        `AccountingStoragePort=${ports.accounting}`,
        // With munge this is the path of its socket.
        `AccountingStoragePass=${join(folder, 'munge', 'socket')}`,
        'AccountingStoreFlags=job_comment',
        'AccountingStorageTRES=gres/gpu,gres/gpu:h100',
        'AccountingStorageEnforce=associations,qos',
      ]
    : ['AccountingStorageType=accounting_storage/none'];
  return `${[
    'ClusterName=aloft',
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${ports.controller}`,
    'SlurmUser=root',
    'SlurmdUser=root',
    'MailProg=/bin/true',
    // With an epilog, nodes tell the controller when they are free, which makes it look at its queue at once.
    'Epilog=/bin/true',
    'AuthType=auth/munge',
    'CredType=cred/munge',
    `AuthInfo=socket=${join(folder, 'munge', 'socket')}`,
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldPidFile=${folder}/run/slurmctld.pid`,
    `SlurmdPidFile=${folder}/run/slurmd.%n.pid`,
    `SlurmctldLogFile=${folder}/log/slurmctld.log`,
    `SlurmdLogFile=${folder}/log/slurmd.%n.log`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/none',
    'SwitchType=switch/none',
    'MpiDefault=none',
    'ReturnToService=2',
    'SlurmdParameters=config_overrides',
    'SchedulerType=sched/backfill',
    'SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0,bf_min_age_reserve=86400',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_Core',
    'GresTypes=gpu',
    'PreemptType=preempt/partition_prio',
    'PreemptMode=REQUEUE',
    'JobRequeue=1',
    'KillWait=2',
    'SlurmctldTimeout=30',
    'SlurmdTimeout=30',
    'InactiveLimit=0',
    'Waittime=0',
    ...accountingLines,
    ...(config.some((line) => line.startsWith('MinJobAge')) ? [] : ['MinJobAge=300']),
    ...config,
    node(nodes[0], ports.nodes[0]),
    node(nodes[1], ports.nodes[1]),
    'PartitionName=gpu Nodes=n[1-2] Default=YES MaxTime=2-00:00:00 State=UP PriorityTier=10 PreemptMode=off',
    'PartitionName=spot Nodes=n[1-2] MaxTime=04:00:00 State=UP PriorityTier=1 PreemptMode=requeue',
  ].join('\n')}\n`;
}

/** The files of the accounting daemon and its database, by name. */
export function databaseFiles({ folder, host, ports }: ClusterLayout): Record<string, string> {
  return {
    'slurmdbd.conf': `${[
      'AuthType=auth/munge',
      `AuthInfo=socket=${join(folder, 'munge', 'socket')}`,
      `DbdHost=${host}`,
      'DbdAddr=127.0.0.1',
      `DbdPort=${ports.accounting}`,
      'SlurmUser=root',
      `LogFile=${folder}/log/slurmdbd.log`,
      `PidFile=${folder}/run/slurmdbd.pid`,
      'StorageType=accounting_storage/mysql',
      'StorageHost=127.0.0.1',
      `StoragePort=${ports.database}`,
      'StorageUser=slurm',
      'StoragePass=slurm',
      'StorageLoc=slurm',
    ].join('\n')}\n`,
    'users.sql':
      "CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';\nGRANT ALL ON *.* TO 'slurm'@'127.0.0.1';\n",
  };
}

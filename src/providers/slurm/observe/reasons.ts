/** Why Slurm does not start a job, in words for somebody who does not know Slurm; its own word is shown beside them. */
const sentences: Readonly<Record<string, string>> = {
  Priority: 'Jobs with a higher priority are ahead of it',
  Resources: 'It is next in line and waits for nodes to become free',
  Dependency: 'It waits for another job to end',
  DependencyNeverSatisfied: 'It waits for a job that did not end as required, so it will never start; cancel it',
  BeginTime: 'It may not start before a certain time',
  JobArrayTaskLimit: 'The array runs as many tasks at once as it was allowed to',
  JobArrayTaskLimitReached: 'The array runs as many tasks at once as it was allowed to',
  JobHeldUser: 'It is held back by you; scontrol release lets it go on',
  JobHeldAdmin: 'It is held back by an administrator of the cluster',
  JobHoldMaxRequeue: 'It was put back into the queue too often and is held back',
  Licenses: 'It waits for a licence to become free',
  Reservation: 'It waits for its reservation to begin',
  ReservationDeleted: 'Its reservation is gone, so it will not start; cancel it',
  ReqNodeNotAvail: 'Nodes it asks for are down, drained or reserved for maintenance, so it may not start for long',
  NodeDown: 'A node it needs is down',
  PartitionDown: 'Its partition is down',
  PartitionInactive: 'Its partition takes no jobs now',
  PartitionNodeLimit: 'It asks for more nodes than its partition gives to one job, so it will not start',
  PartitionTimeLimit: 'Its time limit is longer than its partition allows, so it will not start',
  PartitionConfig: 'Its partition does not allow what it asks for, so it will not start',
  BadConstraints: 'No node has what it asks for, so it will not start',
  Constraints: 'No node that is up has what it asks for now',
  AccountNotAllowed: 'Its account may not use this partition, so it will not start',
  InvalidAccount: 'Its account is not valid here, so it will not start',
  InvalidQOS: 'Its QOS is not valid here, so it will not start',
  QOSNotAllowed: 'Its QOS may not be used in this partition, so it will not start',
  Cleaning: 'It is being cleaned up after it was put back into the queue',
  Prolog: 'The nodes are being prepared',
  ProlaunchPrep: 'The nodes are being prepared',
  BurstBufferResources: 'It waits for room in the burst buffer',
  BurstBufferStageIn: 'Its data is being staged in',
  FrontEndDown: 'The front end of the cluster is down',
  SystemFailure: 'Slurm itself had a failure',
  MaxMemPerLimit: 'It asks for more memory than one job may have, so it will not start',
  OutOfMemory: 'It needed more memory than it was given',
  NodeFail: 'A node it ran on failed',
  TimeLimit: 'It reached its time limit',
  NonZeroExitCode: 'Its script ended with an error',
  JobLaunchFailure: 'Slurm could not start it, or it was ended by a signal',
  RaisedSignal: 'It was ended by a signal',
  Preempted: 'It had to make room for a job with a higher priority',
  'launch failed requeued held': 'Its nodes could not start it, so Slurm put it back and holds it',
};

/** Families of reasons that name a limit: `QOSMaxGRESPerUser`, `AssocGrpCpuLimit`. */
const families: readonly (readonly [RegExp, string])[] = [
  [
    /^QOSMax.*PerUser|^QOSMax.*PerJobPerUser|^MaxJobsPer|^QOSMaxJobsPer/u,
    'You use as much as its QOS lets one person use at once',
  ],
  [/^QOSGrp/u, 'Everybody together uses as much as its QOS allows'],
  [
    /^QOS.*(?:MinutesPerJob|WallDurationPerJob|PerJob|PerNode)/u,
    'It asks for more than its QOS gives to one job, so it will not start',
  ],
  [/^QOSMin/u, 'It asks for less than its QOS demands, so it will not start'],
  [/^QOS/u, 'A limit of its QOS is reached'],
  [/^AssocGrp.*(?:Minutes|BillingMinutes)/u, 'The budget of its account is used up'],
  [/^(?:AssocGrp|AssociationResourceLimit|AssociationJobLimit)/u, 'Your account together uses as much as it may'],
  [/^AssocMax.*PerJob/u, 'It asks for more than its account gives to one job, so it will not start'],
  [/^Assoc/u, 'A limit of its account is reached'],
  [/^Max/u, 'A limit on what may run at once is reached'],
  [
    /^Nodes_required_for_job|^ReqNodeNotAvail/u,
    'Nodes it asks for are down, drained or reserved for maintenance, so it may not start for long',
  ],
];

/** One plain sentence without a full stop; undefined for a word that is new to us. */
export function explainReason(reason: string): string | undefined {
  const word = reason.split(/[,(]/u)[0]?.trim() ?? reason;
  return (
    (Object.hasOwn(sentences, word) ? sentences[word] : undefined) ??
    families.find(([pattern]) => pattern.test(word))?.[1]
  );
}

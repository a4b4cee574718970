import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../../src/core/provider.ts';
import { eventSchema } from '../../../../src/providers/kubernetes/model/event.ts';
import type { Job } from '../../../../src/providers/kubernetes/model/job.ts';
import { workloadSchema } from '../../../../src/providers/kubernetes/model/kueue.ts';
import type { Pod } from '../../../../src/providers/kubernetes/model/pod.ts';
import { type Hints, noHints } from '../../../../src/providers/kubernetes/observe/hints.ts';
import { observationOf, troubleOf } from '../../../../src/providers/kubernetes/observe/observation.ts';
import { verdictPatch } from '../../../../src/providers/kubernetes/observe/verdict.ts';
import { expectSentence } from '../../../conformance/expectSentence.ts';
import { ended, jobName, jobObject, made, podObject, running } from '../../../fixtures/kubernetes/objects.ts';

const now = Date.parse('2026-11-26T13:00:00Z');

function observe(job: Job, pods: readonly Pod[] = [], hints: Hints = noHints): Observation {
  const observation = observationOf({ job, pods, native: null }, hints, now);
  if (observation === null) {
    throw new Error('There is no observation.');
  }
  if (observation.explanation !== undefined) {
    expectSentence(observation.explanation);
  }
  return observation;
}

function eventAbout(name: string, reason: string, message: string): Hints {
  const event = eventSchema.parse({ metadata: { name: 'e' }, involvedObject: { name }, reason, message });
  return { ...noHints, events: new Map([[name, [event]]]) };
}

const pending = (shape: Parameters<typeof podObject>[0] = {}): Pod => podObject({ phase: 'Pending', ...shape });
const scheduled = { type: 'PodScheduled', lastTransitionTime: made };
const unschedulable = (message: string): Pod =>
  pending({ node: null, conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] });
const stuck = (reason: string, message: string): Pod =>
  pending({
    conditions: [scheduled],
    code: { waiting: { reason, message } },
    main: { waiting: { reason: 'PodInitializing' } },
  });

describe('a job that waits', () => {
  it('has the start of when it ran before, as far as its older pods are there', () => {
    const [first, second] = ['2026-11-26T12:10:00Z', '2026-11-26T12:20:00Z'] as const;
    const ran = (index: number, startedAt: string): Pod =>
      podObject({ index, phase: 'Failed', main: { terminated: { exitCode: 143, startedAt } } });
    const waiting = (index: number): Pod => pending({ index, uid: `later-${index}`, created: second, node: null });
    expect(observe(jobObject(), [ran(0, first), waiting(0)])).toMatchObject({
      state: 'queued',
      startedAt: Date.parse(first),
    });
    const two = jobObject({ completions: 2 });
    expect(observe(two, [ran(0, first), ran(1, second), waiting(0)]).startedAt).toBe(Date.parse(first));
    expect(observe(two, [ran(0, first), waiting(0), waiting(1)]).startedAt).toBeNull();
    expect(observe(two, [podObject({ main: running }), waiting(1)]).startedAt).toBeNull();
  });

  it('says nothing of one that was only just made', () => {
    const observation = observe(jobObject());
    expect(observation).toMatchObject({ state: 'queued', reason: null, startedAt: null, endedAt: null });
    expect(observation).not.toHaveProperty('explanation');
  });

  it.each([
    [
      "0/12 nodes are available: 8 Insufficient nvidia.com/gpu, 4 node(s) didn't match Pod's node affinity/selector. preemption: 0/12 nodes are available: 12 No preemption victims found.",
      'No node has enough free GPUs now',
    ],
    [
      '0/2 nodes are available: 2 Insufficient cpu, 1 Insufficient memory.',
      'No node has enough free CPUs and memory now',
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
      'No node of the cluster is of the kind that the job asks for',
    ],
    [
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
      'There are not enough nodes: each part of the job needs one of its own',
    ],
    [
      '0/3 nodes are available: 3 node(s) had untolerated taint {team: vision}.',
      'The nodes that fit are set aside for others (team: vision)',
    ],
    ['0/1 nodes are available: 1 node(s) were unschedulable.', 'The nodes that fit take no new jobs now'],
    ['0/0 nodes are available: ', 'The cluster has no nodes now; one may be added for it'],
    ['no nodes available to schedule pods', 'The cluster has found no node for it yet'],
    ['0/2 nodes are available: persistentvolumeclaim "data" not found.', 'It waits for a volume that is not there'],
    ['0/2 nodes are available: 2 something new.', 'No node fits now'],
  ])('explains %j', (message, explanation) => {
    expect(observe(jobObject(), [unschedulable(message)])).toMatchObject({
      state: 'queued',
      nativeState: 'Unschedulable',
      reason: message,
      explanation,
    });
  });

  it('says that a node is on its way', () => {
    const pod = unschedulable('0/2 nodes are available: 2 Insufficient nvidia.com/gpu.');
    const hints = eventAbout(pod.metadata.name, 'TriggeredScaleUp', 'pod triggered scale-up: [{pool 0->1 (max: 4)}]');
    expect(observe(jobObject(), [pod], hints)).toMatchObject({
      state: 'provisioning',
      explanation: 'The cluster is adding a node for it',
      reason: 'pod triggered scale-up: [{pool 0->1 (max: 4)}]',
    });
  });

  it.each([
    [
      'Error creating: pods "x" is forbidden: exceeded quota: rq, requested: requests.nvidia.com/gpu=8, used: requests.nvidia.com/gpu=16, limited: requests.nvidia.com/gpu=16',
      'The quota of the namespace is used up: it asks for 8 nvidia.com/gpu, and 16 nvidia.com/gpu of 16 nvidia.com/gpu are taken',
      false,
    ],
    [
      'Error creating: pods "x" is forbidden: failed quota: rq: must specify limits.cpu for: main; limits.memory for: main',
      'The quota of the namespace wants jobs to say how much they need: limits.cpu',
      true,
    ],
    [
      'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      'The namespace allows only pods of the security profile restricted: choose it among the options',
      true,
    ],
    [
      'Error creating: pods "x" is forbidden: error looking up service account lab/train: serviceaccount "train" not found',
      'The namespace has no service account train',
      true,
    ],
    [
      'Error creating: pods "x" is forbidden: no PriorityClass with name high was found',
      'The cluster has no priority class high',
      true,
    ],
    [
      'Error creating: admission webhook "policy.example" denied the request: no latest tags',
      'A rule of the cluster (policy.example) does not allow it',
      true,
    ],
    ['Error creating: Timeout: request did not complete', 'The cluster does not make its pods', false],
  ])('explains why no pod is made: %j', (message, explanation, isFinal) => {
    const job = jobObject();
    const hints = eventAbout(jobName, 'FailedCreate', message);
    expect(observe(job, [], hints)).toMatchObject({
      state: 'queued',
      nativeState: 'FailedCreate',
      reason: message,
      explanation,
    });
    expect(troubleOf({ job, pods: [], native: null }, hints)?.patience).toBe(isFinal ? 120_000 : undefined);
  });

  it.each([
    [
      'ErrImagePull',
      'rpc error: code = NotFound desc = failed to pull and unpack image "ghcr.io/lab/train:v9": not found',
      'The registry has no such image: ghcr.io/lab/train:v9',
    ],
    [
      'ImagePullBackOff',
      'Back-off pulling image "ghcr.io/lab/train:v9": ErrImagePull: 401 Unauthorized',
      'The registry does not give the image ghcr.io/lab/train:v9 to this cluster: it is private and needs an image pull secret, or it does not exist',
    ],
    [
      'ErrImagePull',
      'failed to pull image "docker.io/x/y": toomanyrequests: You have reached your pull rate limit',
      'The registry refuses the image docker.io/x/y for now: too many requests from this cluster',
    ],
    [
      'ErrImagePull',
      'dial tcp: lookup registry.lab on 10.0.0.10:53: no such host',
      'The node cannot reach the registry of its image',
    ],
    [
      'ErrImagePull',
      'image "x/y:1": no match for platform in manifest',
      'There is the image x/y:1, but not for the processors of this node',
    ],
    [
      'InvalidImageName',
      'Failed to apply default image tag "UPPER": couldn\'t parse image name',
      'Its image is no name of an image',
    ],
    [
      'ErrImageNeverPull',
      'Container image "x:1" is not present with pull policy of Never',
      'The image x:1 is not on the node, and the cluster may not fetch it',
    ],
    ['CreateContainerConfigError', 'secret "aloft-env" not found', 'The namespace has no secret aloft-env any more'],
    ['CreateContainerConfigError', "couldn't find key A in Secret lab/b", 'The node cannot put the container together'],
    ['CreateContainerError', 'context deadline exceeded', 'The node cannot start the container'],
  ])('explains %s: %j, and ends it after ten minutes', (reason, message, explanation) => {
    const job = jobObject();
    const pods = [stuck(reason, message)];
    expect(observe(job, pods)).toMatchObject({
      state: 'provisioning',
      nativeState: reason,
      reason: message,
      explanation,
    });
    expect(troubleOf({ job, pods, native: null }, noHints)).toEqual({
      patience: 600_000,
      explanation,
      reason: message,
    });
  });

  it('says that its code is being put in place', () => {
    const pod = pending({ conditions: [scheduled], code: running, main: { waiting: { reason: 'PodInitializing' } } });
    expect(observe(jobObject(), [pod])).toMatchObject({
      state: 'provisioning',
      explanation: 'Its code is being put in place',
    });
  });

  it('explains a volume that cannot be had', () => {
    const pod = pending({ conditions: [scheduled], main: { waiting: { reason: 'ContainerCreating' } } });
    const message = 'MountVolume.SetUp failed for volume "shm" : no space left on device';
    expect(observe(jobObject(), [pod], eventAbout(pod.metadata.name, 'FailedMount', message))).toMatchObject({
      state: 'provisioning',
      reason: message,
      explanation: 'The node cannot get at a volume that the pod needs',
    });
  });

  it('says how many of several nodes run, and what the others wait for', () => {
    const pods = [
      podObject({ main: running }),
      pending({
        index: 1,
        node: null,
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/9 nodes are available: 9 Insufficient nvidia.com/gpu.',
          },
        ],
      }),
    ];
    expect(observe(jobObject({ completions: 2 }), pods)).toMatchObject({
      state: 'queued',
      startedAt: null,
      explanation: '1 of 2 nodes run, for the others: No node has enough free GPUs now',
    });
  });
});

describe('a job in a Kueue queue', () => {
  const job = jobObject({ suspend: true, labels: { 'kueue.x-k8s.io/queue-name': 'gpus' } });
  const withConditions = (...conditions: readonly object[]): Hints => ({
    ...noHints,
    workloads: new Map([['job-uid', workloadSchema.parse({ metadata: { name: 'w' }, status: { conditions } })]]),
  });

  it.each([
    [
      'Pending',
      "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor h100, 8 more needed",
      'It waits for room in its Kueue queue (queue gpus)',
    ],
    [
      'ExceedsMaxQuota',
      'requested 64, maximum capacity 32',
      'It asks for more than its Kueue queue will ever have (queue gpus)',
    ],
    ['NoMatchingFlavor', 'no flavor', 'Its Kueue queue has no nodes of the kind that it asks for (queue gpus)'],
    ['Inadmissible', 'LocalQueue gpus does not exist', 'Its Kueue queue does not take it as it is (queue gpus)'],
    ['WaitingForPreemptedWorkloads', 'x', 'It waits for jobs that make room for it (queue gpus)'],
  ])('explains %s', (reason, message, explanation) => {
    const hints = withConditions({ type: 'QuotaReserved', status: 'False', reason, message });
    expect(observe(job, [], hints)).toMatchObject({ state: 'queued', reason: `${reason}: ${message}`, explanation });
  });

  it('says that Kueue took its place away', () => {
    const hints = withConditions(
      { type: 'QuotaReserved', status: 'False', reason: 'Pending', message: 'x' },
      { type: 'Evicted', status: 'True', reason: 'Preempted', message: 'Preempted to accommodate a workload' },
    );
    expect(observe(job, [], hints)).toMatchObject({
      explanation: 'Kueue took its place away and queued it again: a job of higher priority needed it',
    });
  });

  it('names the queue where Kueue may not be asked, and says when nobody has taken it in', () => {
    expect(observe(job).explanation).toBe('It waits in the Kueue queue gpus');
    expect(observe(job, [], { ...noHints, workloads: new Map() }).explanation).toBe(
      'It waits for Kueue to take it into the queue gpus',
    );
  });

  it('is told from one that somebody suspended', () => {
    expect(observe(jobObject({ suspend: true })).explanation).toBe('The job is suspended until somebody resumes it');
  });
});

describe('a job that runs', () => {
  it('began when the last of its nodes did', () => {
    const pods = [
      podObject({ main: running }),
      podObject({ index: 1, main: { running: { startedAt: '2026-11-26T12:02:00Z' } } }),
    ];
    expect(observe(jobObject({ completions: 2 }), pods)).toMatchObject({
      state: 'running',
      startedAt: Date.parse('2026-11-26T12:02:00Z'),
      nodes: [
        { rank: 0, host: 'node-1', state: 'running' },
        { rank: 1, host: 'node-1', state: 'running' },
      ],
    });
  });

  it('says when its node no longer answers, long before the cluster gives it up', () => {
    const pod = podObject({ main: running, conditions: [{ type: 'Ready', status: 'False' }] });
    expect(observe(jobObject(), [pod], { ...noHints, lostNodes: new Set(['node-1']) })).toMatchObject({
      state: 'running',
      nativeState: 'NodeLost',
      explanation: 'The node node-1 no longer answers; the cluster waits for it before it gives it up',
    });
  });

  it('says that it has ended and its results are being fetched', () => {
    const pod = podObject({ main: ended(0), results: running });
    expect(observe(jobObject(), [pod])).toMatchObject({ state: 'running', nativeState: 'KeepingResults' });
  });

  it('is told by the newest pod of each rank', () => {
    const pods = [
      podObject({
        uid: 'old-pod',
        phase: 'Failed',
        main: ended(143),
        conditions: [{ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }],
      }),
      podObject({ uid: 'new-pod', created: '2026-11-26T12:10:00Z', main: running }),
    ];
    expect(observe(jobObject(), pods)).toMatchObject({ state: 'running', nodes: [{ rank: 0 }] });
  });
});

describe('a job whose place was taken', () => {
  it.each([
    ['PreemptionByScheduler', 'A job of higher priority took its place'],
    ['EvictionByEvictionAPI', 'It was evicted: its node is being emptied'],
    ['DeletionByTaintManager', 'Its node was lost or is being taken out of service'],
    ['TerminationByKubelet', 'Its node shut down or ran out of memory or disk'],
    ['DeletionByPodGC', 'Its node is gone'],
    ['SomethingNew', 'The cluster took its place away'],
  ])('is preempted by %s', (reason, explanation) => {
    const pod = podObject({
      main: running,
      deletionTimestamp: made,
      conditions: [{ type: 'DisruptionTarget', reason, message: 'the words of the cluster' }],
    });
    expect(observe(jobObject(), [pod])).toMatchObject({
      state: 'preempted',
      nativeState: reason,
      reason: 'the words of the cluster',
      explanation,
    });
  });

  it('is still known as such when the Job was failed because of it', () => {
    const message = `Pod lab/${jobName}-0-x has condition DisruptionTarget matching FailJob rule at index 0`;
    const job = jobObject({ conditions: [{ type: 'Failed', reason: 'PodFailurePolicy', message }] });
    expect(observe(job)).toMatchObject({ state: 'preempted', reason: `PodFailurePolicy: ${message}`, endedAt: null });
    expect(observe(job).explanation).toContain('Kubernetes does not start it again');
  });
});

describe('a job that has ended', () => {
  const failed = {
    type: 'Failed',
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
    lastTransitionTime: '2026-11-26T12:05:05Z',
  };

  it('succeeded when it is complete, and not before', () => {
    const pods = [podObject({ phase: 'Succeeded', main: ended(0) })];
    expect(observe(jobObject({ conditions: [{ type: 'SuccessCriteriaMet' }] }), pods).state).toBe('running');
    expect(
      observe(jobObject({ conditions: [{ type: 'SuccessCriteriaMet' }, { type: 'Complete' }] }), pods),
    ).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      endedAt: Date.parse('2026-11-26T12:05:00Z'),
    });
  });

  it('has the exit code of its process', () => {
    expect(
      observe(jobObject({ conditions: [failed] }), [podObject({ phase: 'Failed', main: ended(3) })]),
    ).toMatchObject({
      state: 'failed',
      exitCode: 3,
      signal: null,
      reason: null,
    });
  });

  it.each([
    [137, 'SIGKILL'],
    [139, 'SIGSEGV'],
    [134, 'SIGABRT'],
    [255, null],
    [128, null],
  ])('reads exit code %i as %s', (code, signal) => {
    const observation = observe(jobObject({ conditions: [failed] }), [
      podObject({ phase: 'Failed', main: ended(code) }),
    ]);
    expect(observation).toMatchObject({ exitCode: code, signal });
    expect(observation.reason === null).toBe(signal === null);
  });

  it('says that it ran out of memory', () => {
    const pods = [podObject({ phase: 'Failed', main: ended(137, { reason: 'OOMKilled' }) })];
    expect(observe(jobObject({ conditions: [failed] }), pods)).toMatchObject({
      state: 'failed',
      signal: 'SIGKILL',
      reason: 'OOMKilled',
      explanation: 'It used more memory than it may and was ended by the kernel',
    });
  });

  it.each([
    [
      'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.',
      'It used more disk space than it may and was ended',
    ],
    ['Usage of EmptyDir volume "work" exceeds the limit "1Gi". ', 'It used more disk space than it may and was ended'],
    ['The node was low on resource: ephemeral-storage.', 'It was ended: its node ran out of disk space'],
    ['The node was low on resource: memory.', 'It was ended: its node ran out of memory'],
  ])('says why its node evicted it: %s', (message, explanation) => {
    const status = { reason: 'Evicted', message };
    for (const pod of [
      podObject({ phase: 'Failed', status }),
      podObject({ phase: 'Failed', main: ended(137), status }),
    ]) {
      expect(observe(jobObject({ conditions: [failed] }), [pod])).toMatchObject({
        state: 'failed',
        explanation,
        reason: expect.stringContaining(message.trim()),
      });
    }
  });

  it('says that its container could not be started, which is no signal', () => {
    const pods = [
      podObject({
        phase: 'Failed',
        main: ended(128, { reason: 'StartError', message: 'exec: "/bin/sh": no such file' }),
      }),
    ];
    expect(observe(jobObject({ conditions: [failed] }), pods)).toMatchObject({
      signal: null,
      reason: 'StartError: exec: "/bin/sh": no such file',
      explanation: 'The container could not be started: the image needs /bin/sh',
    });
  });

  it.each([
    [
      64,
      'Its code was not sent to the pod in time: it is too large for the cluster to keep, and no editor that has it was open',
    ],
    [65, 'Its code arrived damaged, or the image has no tar and gzip to unpack it'],
    [127, 'The image lacks what is needed to unpack the code: sh, tar, gzip and sha256sum'],
  ])('says why its code was not there (%i)', (code, explanation) => {
    const pods = [podObject({ phase: 'Failed', code: ended(code, { message: 'the end of its log' }) })];
    expect(observe(jobObject({ conditions: [failed] }), pods)).toMatchObject({
      state: 'failed',
      exitCode: null,
      reason: 'the end of its log',
      explanation,
    });
  });

  it("reached its time limit, by our clock or by the cluster's", () => {
    const pods = [podObject({ phase: 'Failed', main: ended(124, { message: 'time limit of 60 s\n' }) })];
    expect(observe(jobObject({ conditions: [failed] }), pods).explanation).toBe('It reached its time limit');
    const job = jobObject({
      conditions: [
        { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' },
      ],
    });
    expect(observe(job)).toMatchObject({ state: 'failed', explanation: 'It reached its time limit' });
  });

  it('blames the node that failed first, not those that were ended because of it', () => {
    const pods = [
      podObject({ phase: 'Failed', main: ended(143, { finishedAt: '2026-11-26T12:04:00Z' }) }),
      podObject({ index: 1, phase: 'Failed', main: ended(1, { finishedAt: '2026-11-26T12:04:00Z' }) }),
    ];
    expect(observe(jobObject({ completions: 2, conditions: [failed] }), pods)).toMatchObject({
      exitCode: 1,
      reason: 'node 1: exit code 1',
    });
  });

  it('is being cancelled, not failed, when its pods fail because they are deleted', () => {
    const job = jobObject({ deletionTimestamp: made, conditions: [failed] });
    expect(observe(job, [podObject({ phase: 'Failed', main: ended(143) })]).state).toBe('cancelling');
  });

  it('says what Aloft made of it, whoever asks', () => {
    const verdict = {
      state: 'failed',
      explanation: 'The registry has no such image: x',
      reason: 'not found',
      at: 5,
    } as const;
    const patch = verdictPatch(verdict, 'job-uid');
    expect(patch).toMatchObject({ spec: { activeDeadlineSeconds: 1 }, metadata: { uid: 'job-uid' } });
    const { annotations } = (patch as { metadata: { annotations: Record<string, string> } }).metadata;
    for (const conditions of [[], [{ type: 'Failed', reason: 'DeadlineExceeded' }]]) {
      expect(observe(jobObject({ annotations, conditions }))).toMatchObject({
        state: 'failed',
        explanation: verdict.explanation,
        reason: 'not found',
        endedAt: 5,
      });
    }
    expect(observe(jobObject({ annotations, conditions: [{ type: 'Complete' }] })).state).toBe('succeeded');
    expect(observe(jobObject({ annotations: { 'aloft.dev/verdict': 'nonsense' } })).state).toBe('queued');
  });

  it('is not given up once it has ended', () => {
    const job = jobObject({ conditions: [failed] });
    expect(troubleOf({ job, pods: [stuck('ErrImagePull', 'x')], native: null }, noHints)).toBeNull();
  });
});

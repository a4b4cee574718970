import { hasCondition, setCondition } from '../objects/conditions.ts';
import { claims, nodes, pods } from '../objects/resources.ts';
import type { Pod } from '../objects/types.ts';
import { WorkQueue } from '../timers.ts';
import type { ControlContext } from './context.ts';
import { Fit } from './fit.ts';
import { chooseVictims } from './preemption.ts';

const source = { component: 'default-scheduler' };

/** Gives pods a node, the most important and then the oldest first. */
export class Scheduler {
  /** While true, pods stay as they are: nobody looks at them. */
  isPaused = false;
  readonly #context: ControlContext;
  readonly #queue: WorkQueue;

  constructor(context: ControlContext) {
    this.#context = context;
    this.#queue = new WorkQueue(context.timers, () => this.#scheduleAll());
    context.store.onChange(({ type, action, object }) => {
      const isSettled = type === pods && action === 'MODIFIED' && (object as Pod).status.phase === 'Running';
      if ((type === pods && !isSettled) || type === nodes || type === claims) {
        this.look();
      }
    });
  }

  look(): void {
    this.#queue.add('all', this.#context.timing.schedule);
  }

  #scheduleAll(): void {
    if (this.isPaused) {
      return;
    }
    const { store, timing } = this.#context;
    const waiting = store
      .list(pods)
      .filter(
        ({ spec, status, metadata }) =>
          spec.nodeName === undefined &&
          status.phase === 'Pending' &&
          metadata.deletionTimestamp === undefined &&
          (spec.schedulingGates ?? []).length === 0 &&
          (spec.schedulerName ?? 'default-scheduler') === 'default-scheduler',
      )
      .toSorted(
        (a, b) =>
          (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
          Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion),
      );
    let hasUnplaced = false;
    const fit = new Fit(store);
    for (const pod of waiting) {
      hasUnplaced = !this.#schedule(pod, fit) || hasUnplaced;
    }
    if (hasUnplaced) {
      this.#queue.add('all', timing.scheduleRetry);
    }
  }

  #schedule(pod: Pod, fit: Fit): boolean {
    const { store, registry, clock, events } = this.#context;
    const verdicts = store.list(nodes).map((node) => ({ node, verdict: fit.check(pod, node) }));
    const chosen = fit.best(verdicts.filter(({ verdict }) => verdict.reasons.length === 0).map(({ node }) => node));
    if (chosen !== undefined) {
      const name = chosen.metadata.name;
      fit.place(pod, chosen);
      const bound = registry.mutate(pods, pod, (draft) => {
        draft.spec.nodeName = name;
        setCondition((draft.status.conditions ??= []), { type: 'PodScheduled', status: 'True' }, clock);
        delete draft.status.nominatedNodeName;
      });
      if (bound !== undefined) {
        events.record(source, bound, {
          type: 'Normal',
          reason: 'Scheduled',
          message: `Successfully assigned ${pod.metadata.namespace ?? ''}/${pod.metadata.name} to ${name}`,
        });
      }
      return true;
    }
    const victims =
      pod.spec.preemptionPolicy === 'Never'
        ? null
        : chooseVictims(
            pod,
            verdicts.map(({ node }) => node),
            store,
          );
    const message = fit.message(
      verdicts.map(({ verdict }) => verdict),
      victims !== null,
    );
    const changed = registry.mutate(pods, pod, (draft) => {
      setCondition(
        (draft.status.conditions ??= []),
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
        clock,
      );
      if (victims !== null) {
        draft.status.nominatedNodeName = victims.node;
      }
    });
    if (changed !== undefined && changed !== pod) {
      events.record(source, changed, { type: 'Warning', reason: 'FailedScheduling', message });
    }
    for (const victim of victims?.pods ?? []) {
      this.#preempt(victim, pod);
    }
    return false;
  }

  #preempt(victim: Pod, preemptor: Pod): void {
    const { registry, events } = this.#context;
    if (victim.metadata.deletionTimestamp !== undefined || hasCondition(victim.status.conditions, 'DisruptionTarget')) {
      return;
    }
    const by = preemptor.spec.schedulerName ?? 'default-scheduler';
    registry.disrupt(victim, 'PreemptionByScheduler', `${by}: preempting to accommodate a higher priority pod`);
    registry.delete(pods, victim.metadata.namespace ?? '', victim.metadata.name);
    events.record(source, victim, {
      type: 'Normal',
      reason: 'Preempted',
      message: `Preempted by pod ${preemptor.metadata.uid} on node ${victim.spec.nodeName ?? ''}`,
    });
  }
}

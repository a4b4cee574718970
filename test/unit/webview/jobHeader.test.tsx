import { render } from 'preact';
import { act } from 'preact/test-utils';
import { expect, it } from 'vitest';

import type { JobView } from '../../../src/protocol/jobPanel.ts';
import { Header } from '../../../webview/job/Header.tsx';
import { usePage } from './page.ts';

const minute = 60_000;
const preempted: JobView = {
  runId: '01M8CW520F1VSAEFQVH5YVPF20',
  name: 'train.py',
  state: 'preempted',
  group: 'waiting',
  stateLabel: 'Preempted',
  reason: 'a job with a higher priority took its place',
  native: 'PREEMPTED',
  expectedStartAt: null,
  hint: null,
  staleNote: null,
  place: 'lab-slurm',
  accelerator: 'H100',
  members: { nodes: [], nodeCounts: [], tasks: [], taskCounts: [], taskSentence: null, moreTasks: 0 },
  createdAt: 0,
  startedAt: minute,
  endedAt: null,
  phases: [
    { state: 'queued', label: 'Queued', from: 0, to: minute, reason: null },
    { state: 'running', label: 'Running', from: minute, to: 5 * minute, reason: null },
    { state: 'preempted', label: 'Preempted', from: 5 * minute, to: null, reason: null },
  ],
  events: [],
  command: 'python train.py',
  sourceFolder: '/home/ada/lab',
  snapshot: null,
  details: [],
  canCancel: true,
  locationLabel: null,
  shell: null,
  ports: null,
  forwards: [],
  outputGlobs: [],
};

const page = usePage();

function draw(job: JobView, now: number): string {
  void act(() => {
    render(<Header job={job} now={now} send={() => undefined} />, page.root);
  });
  return page.root.querySelector('.facts')?.textContent ?? '';
}

it('says of a job that ran and waits again how long it has waited since', () => {
  expect(draw(preempted, 7 * minute)).toContain('waiting 2 m 00 s');
  expect(draw({ ...preempted, group: 'running', state: 'running' }, 7 * minute)).toContain('running 6 m 00 s');
});

it('shows it in the colour of waiting, not of failure', () => {
  draw(preempted, 7 * minute);
  expect(page.root.querySelector('.state')?.className).toContain('tint-yellow');
});

it('names each phase and how long it took, for a screen reader as for the eye', () => {
  draw(preempted, 7 * minute);
  const texts = [...page.root.querySelectorAll('.phase')].map((phase) => phase.textContent);
  expect(texts).toEqual(['Queued 1 m 00 s', 'Running 4 m 00 s', 'Preempted 2 m 00 s']);
});

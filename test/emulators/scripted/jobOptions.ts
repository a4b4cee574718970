import type { JsonObject } from '../../../src/core/provider.ts';

/** What the backend lets a job choose that others do not know. */
export const backendOptions: readonly JsonObject[] = [
  {
    name: 'queue',
    label: 'Queue',
    help: 'Which queue the job waits in.',
    choices: [
      { value: 'batch', description: 'up to 3 days, 12 GPUs free' },
      { value: 'debug', description: 'up to 1 hour, starts soon' },
      { value: 'closed', description: 'takes no jobs' },
    ],
    mayType: false,
    fallback: 'batch',
  },
  {
    name: 'account',
    label: 'Account',
    help: 'Who the time is charged to.',
    choices: [
      { value: 'lab-vision', description: '4,100 GPU hours left' },
      { value: 'lab-language', description: '120 GPU hours left' },
    ],
    mayType: true,
    fallback: null,
  },
  {
    name: 'reservation',
    label: 'Reservation',
    help: 'Nodes that were set aside for you.',
    choices: [],
    mayType: true,
    fallback: null,
  },
];

export const closedQueue = 'closed';

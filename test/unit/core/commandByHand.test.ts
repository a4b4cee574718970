import { describe, expect, it } from 'vitest';
import { commandByHand } from '../../../src/core/commandByHand.ts';

const plan = { text: '{ "run": 1 }', command: 'az ml job create\n' };

describe('commandByHand', () => {
  it('says above the command whose job it makes and where its code is', () => {
    expect(commandByHand({ plan, secrets: [], isStaged: true })).toBe(
      ": 'This makes a job of its own, which Aloft neither follows nor deletes: its code is already in the storage.'\naz ml job create\n",
    );
    expect(commandByHand({ plan, secrets: [], isStaged: false })).toMatch(
      /^: '.*: its code may not be in the storage yet, where it comes with the first submission of these files, and without it the job fails\.'\naz /u,
    );
  });

  it('names the secrets that it goes without', () => {
    expect(commandByHand({ plan, secrets: ['A'], isStaged: true })).toContain(", and it goes without the secret A.'\n");
    expect(commandByHand({ plan, secrets: ['A', 'B', 'C'], isStaged: true })).toContain(
      ", and it goes without the secrets A, B and C.'\n",
    );
  });

  it('is the request itself where that is what people run', () => {
    expect(commandByHand({ plan: { text: plan.text }, secrets: ['A'], isStaged: false })).toBe(plan.text);
  });
});

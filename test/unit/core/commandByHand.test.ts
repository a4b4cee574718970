import { describe, expect, it } from 'vitest';
import { commandByHand } from '../../../src/core/commandByHand.ts';

const plan = { text: '{ "run": 1 }', language: 'json', command: 'az ml job create\n' } as const;

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

  it('is the request itself where people run none', () => {
    const { text, language } = plan;
    expect(commandByHand({ plan: { text, language }, secrets: ['A'], isStaged: false })).toBe(text);
  });

  it.each([
    ['shellscript', '#!/bin/bash -l\n#SBATCH --comment=aloft:01K9\n'],
    ['yaml', 'metadata:\n  labels:\n    aloft.dev/run: 01k9\n'],
  ] as const)('is none for a %s of before there were commands, which is of the run itself', (language, text) => {
    const make = (): string => commandByHand({ plan: { text, language }, secrets: [], isStaged: true });
    expect(make).toThrow(expect.objectContaining({ tag: 'unsupported', remedy: expect.stringContaining('submit') }));
    expect(make).toThrow(/would be taken for that run\.$/u);
  });
});

import { afterEach, describe, expect, it } from 'vitest';

import { isTerminal, jobStates } from '../../../src/core/jobState.ts';
import { jobRow, shownState, staleNote, stateLook } from '../../../src/editor/jobRow.ts';
import { useStrings } from '../../../src/editor/l10n.ts';
import { summary } from '../../fixtures/editor/jobs.ts';

const now = 1_070_000;

afterEach(() => {
  useStrings(undefined);
});

describe('jobRow', () => {
  it('says where, on what and for how long', () => {
    expect(jobRow(summary(), 'This machine', now)).toMatchObject({
      label: 'train.py',
      description: 'This machine · CPU · 1 m 00 s',
      icon: 'play',
      contextValue: 'job running running cancellable',
      accessibleLabel: 'Running: train.py, This machine · CPU · 1 m 00 s',
    });
  });

  it('says why it waits, and for how many nodes of what', () => {
    const job = summary({
      state: 'queued',
      startedAt: null,
      accelerator: 'H100 x 8',
      nodes: 4,
      reason: 'no free H100',
    });
    expect(jobRow(job, 'Lab', now).description).toBe('Lab · 4 nodes × H100 x 8 · 1 m 10 s · no free H100');
  });

  it('says how an ended job ended, and offers no cancelling', () => {
    const job = summary({ state: 'failed', endedAt: 1_040_000, reason: 'exit code 3' });
    const row = jobRow(job, 'Lab', now);
    expect(row.description).toContain('exit code 3');
    expect(row.contextValue).toBe('job finished failed');
    expect(row.accessibleLabel).toMatch(/^Failed: train\.py, /u);
  });

  it('shows what is last known while the provider does not answer', () => {
    const job = summary({ observeError: 'connection refused', observedAt: now - 180_000, reason: 'hidden' });
    expect(jobRow(job, 'Lab', now).description).toMatch(/last known, 3 min ago$/u);
    expect(staleNote({ observeError: 'x', observedAt: null }, now)).toBe('not seen yet');
    expect(staleNote({ observeError: null, observedAt: 1 }, now)).toBeNull();
  });

  it('can be cancelled until it was asked to, and can be found on this machine', () => {
    expect(jobRow(summary({ cancelRequestedAt: now }), 'Lab', now).contextValue).toBe('job running cancelling');
    expect(jobRow(summary({ providerId: 'local' }), 'Lab', now).contextValue).toContain('located');
  });

  it('never shows a time below zero when clocks disagree', () => {
    expect(jobRow(summary({ startedAt: now + 90_000 }), 'Lab', now).description).toBe('Lab · CPU · 0 s');
  });
});

describe('the shown state', () => {
  it('is cancelling from the wish to the end', () => {
    for (const state of jobStates) {
      expect(shownState({ state, cancelRequestedAt: 1 })).toBe(isTerminal(state) ? state : 'cancelling');
      expect(shownState({ state, cancelRequestedAt: null })).toBe(state);
    }
  });

  it('has words, an icon and a colour for each state, in the language of VS Code', () => {
    const labels = jobStates.map((state) => stateLook(state).label);
    expect(new Set(labels).size).toBe(jobStates.length);
    useStrings({ Running: 'Läuft' });
    expect(stateLook('running').label).toBe('Läuft');
    expect(stateLook('failed').label).toBe('Failed');
  });
});

import { afterEach, describe, expect, it } from 'vitest';

import { isTerminal, jobStates } from '../../../src/core/jobState.ts';
import { jobRow, staleNote } from '../../../src/editor/jobRow.ts';
import { useStrings } from '../../../src/editor/l10n.ts';
import { shownState, stateLook } from '../../../src/editor/stateLook.ts';
import { scriptedAbilities } from '../../emulators/scripted/request.ts';
import { summary } from '../../fixtures/editor/jobs.ts';

const now = 1_070_000;

afterEach(() => {
  useStrings(undefined);
});

describe('jobRow', () => {
  it('says where, on what and for how long', () => {
    expect(jobRow(summary(), 'This machine', now, undefined)).toMatchObject({
      label: 'train.py',
      description: 'This machine · CPU · 1 m 00 s',
      icon: 'play',
      contextValue: 'job running running cancellable located',
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
    expect(jobRow(job, 'Lab', now, undefined).description).toBe('Lab · no free H100 · 4 nodes × H100 x 8 · 1 m 10 s');
  });

  it('says how an ended job ended, and offers no cancelling', () => {
    const job = summary({ state: 'failed', endedAt: 1_040_000, reason: 'exit code 3' });
    const row = jobRow(job, 'Lab', now, undefined);
    expect(row.description).toContain('exit code 3');
    expect(row.contextValue).toBe('job finished failed located');
    expect(row.accessibleLabel).toMatch(/^Failed: train\.py, /u);
  });

  it('shows what is last known while the provider does not answer', () => {
    const job = summary({ observeError: 'connection refused', observedAt: now - 180_000, reason: 'hidden' });
    expect(jobRow(job, 'Lab', now, undefined).description).toMatch(/^Lab · last known, 3 min ago · /u);
    expect(staleNote({ observeError: 'x', observedAt: null }, now)).toBe('not seen yet');
    expect(staleNote({ observeError: null, observedAt: 1 }, now)).toBeNull();
  });

  it('can be cancelled until it was asked to, and can be found once it was sent', () => {
    expect(jobRow(summary({ cancelRequestedAt: now }), 'Lab', now, undefined).contextValue).toBe(
      'job running cancelling located',
    );
    expect(jobRow(summary({ state: 'submitting' }), 'Lab', now, undefined).contextValue).not.toContain('located');
  });

  it('tells menus what can be opened in it while it runs', () => {
    const contextOf = (fields: Parameters<typeof summary>[0]): string =>
      jobRow(summary(fields), 'Lab', now, scriptedAbilities).contextValue;
    expect(contextOf({})).toBe('job running running cancellable located shell ports');
    expect(contextOf({ state: 'queued' })).not.toMatch(/shell|ports/u);
    expect(contextOf({ state: 'succeeded' })).not.toMatch(/shell|ports/u);
    expect(contextOf({ cancelRequestedAt: now })).not.toMatch(/shell|ports/u);
    expect(jobRow(summary(), 'Lab', now, { ...scriptedAbilities, shell: false }).contextValue).not.toContain('shell');
  });

  it('says when a job that waits is expected to start, as long as that lies ahead', () => {
    const job = summary({ state: 'queued', startedAt: null, reason: 'no free H100', expectedStartAt: now + 3_600_000 });
    expect(jobRow(job, 'Lab', now, undefined).description).toMatch(
      /^Lab · no free H100, expected to start about .*\d\d:\d\d · CPU/u,
    );
    expect(jobRow({ ...job, reason: null }, 'Lab', now, undefined).description).toMatch(
      /^Lab · expected to start about/u,
    );
    expect(jobRow(job, 'Lab', now + 3_600_001, undefined).description).toMatch(/^Lab · no free H100 · CPU/u);
  });

  it('counts the tasks of an array job', () => {
    const tasks = { total: 24, ended: 8, failed: 0 };
    expect(jobRow(summary({ tasks }), 'Lab', now, undefined).description).toBe('Lab · CPU · 8 of 24 tasks · 1 m 00 s');
    expect(jobRow(summary({ tasks: { ...tasks, failed: 2 } }), 'Lab', now, undefined).description).toContain(
      '8 of 24 tasks, 2 failed',
    );
    expect(
      jobRow(summary({ tasks: { total: 1, ended: 0, failed: 0 } }), 'Lab', now, undefined).description,
    ).not.toContain('task');
  });

  it('never shows a time below zero when clocks disagree', () => {
    expect(jobRow(summary({ startedAt: now + 90_000 }), 'Lab', now, undefined).description).toBe('Lab · CPU · 0 s');
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

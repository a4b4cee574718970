import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { providerErrorTags } from '../../../src/core/providerError.ts';
import { submissionSteps } from '../../../src/core/submissionStep.ts';
import { resumeSubmissions } from '../../../src/engine/reconcile.ts';
import { runSubmission } from '../../../src/engine/submission.ts';
import { createJob, specOf } from '../../fixtures/engine/engineParts.ts';
import { inTime, never, scriptedParts, submit } from '../../fixtures/engine/scriptedParts.ts';

const silent = { onProgress: (): void => undefined };

describe('a submission', () => {
  it('records each step once, in order, and tells what it does', async () => {
    const parts = scriptedParts();
    const { runId, result, progress } = await submit(parts);

    expect(result?.kind).toBe('accepted');
    expect(parts.store.journal({ runId, attempt: 1 }).map(({ step }) => step)).toEqual(submissionSteps);
    expect(parts.store.events(runId).map(({ state }) => state)).toEqual(['staging', 'submitting', 'queued']);
    expect(new Set(progress.map(({ text }) => text))).toEqual(
      new Set(['Capturing the code', 'Sending the code', 'Submitting']),
    );
    expect(progress.map(({ fraction }) => fraction)).toContain(1);
    expect(await parts.control.jobsFor({ runId, attempt: 1 })).toBe(1);
  });

  it('is one submission when it is asked for twice in a process', async () => {
    const parts = scriptedParts();
    const key = createJob(parts);
    const both = [runSubmission(parts, key, never, silent), runSubmission(parts, key, never, silent)];
    const kinds = (await inTime(parts.clock, Promise.all(both))).map(({ kind }) => kind);

    expect(kinds).toEqual(['accepted', 'elsewhere']);
    expect(await parts.control.jobsFor(key)).toBe(1);
  });

  it('hands secrets to the provider and leaves no trace of them on disk', async () => {
    const parts = scriptedParts({ secrets: new Map([['WANDB_KEY', 'do-not-write-me-down']]) });
    let received: ReadonlyMap<string, string> | undefined;
    const send = parts.connection.submit.bind(parts.connection);
    parts.connection.submit = async (input, signal) => {
      received = input.secrets;
      return await send(input, signal);
    };
    const { result } = await submit(parts, { spec: specOf({ secrets: ['WANDB_KEY'] }) });

    expect(result?.kind).toBe('accepted');
    expect(received?.get('WANDB_KEY')).toBe('do-not-write-me-down');
    const files = readdirSync(parts.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = files.filter((file) => readFileSync(join(file.parentPath, file.name)).includes('do-not-write'));
    expect(holding).toEqual([]);
  });

  it('fails before anything is sent when a secret has no value', async () => {
    const parts = scriptedParts();
    const { runId } = await submit(parts, { spec: specOf({ secrets: ['WANDB_KEY'] }) });

    expect(parts.store.job(runId)).toMatchObject({ state: 'failed', reason: expect.stringContaining('WANDB_KEY') });
    expect(await parts.control.jobs()).toEqual([]);
  });

  it('fails with the words of the provider when that cannot run such a job', async () => {
    const parts = scriptedParts();
    const { runId } = await submit(parts, { spec: specOf({ image: 'python:3.12' }) });
    expect(parts.store.job(runId)).toMatchObject({
      state: 'failed',
      reason: 'The scripted backend runs no containers. Leave the image empty.',
    });
  });

  it('does not take code that may have changed long after the person pressed Submit', async () => {
    const parts = scriptedParts();
    const key = createJob(parts);
    parts.clock.jump(3_600_000);
    await expect(runSubmission(parts, key, never, silent)).rejects.toMatchObject({ tag: 'invalid' });
    expect(parts.store.job(key.runId)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Submit again'),
    });
    expect(await parts.control.jobs()).toEqual([]);
  });

  it('is taken up with the Python it was made with, and says how late its code was captured', async () => {
    const parts = scriptedParts();
    const key = createJob(parts, { interpreter: '/home/ada/lab/.venv/bin/python' });
    const plans: (string | null)[] = [];
    const plan = parts.connection.plan.bind(parts.connection);
    parts.connection.plan = (input) => {
      plans.push(input.interpreter);
      return plan(input);
    };
    parts.clock.jump(60_000);
    await inTime(parts.clock, resumeSubmissions(parts, never));

    expect(plans).toEqual(['/home/ada/lab/.venv/bin/python']);
    const notes = parts.store.events(key.runId).filter(({ kind }) => kind === 'note');
    expect(notes.map(({ text }) => text)).toEqual([
      'The submission was interrupted; its code is the folder as it was 1 m 00 s after you submitted',
    ]);
  });

  it('is left for another window when this one closes, and finished there', async () => {
    const parts = scriptedParts();
    const key = createJob(parts);
    const closing = new AbortController();
    const submission = runSubmission(parts, key, closing.signal, {
      onProgress: ({ step }) => {
        if (step === 'staged') {
          closing.abort(new DOMException('the window closes', 'AbortError'));
        }
      },
    });
    await expect(submission).rejects.toMatchObject({ name: 'AbortError' });
    expect(parts.store.job(key.runId)?.state).toBe('staging');

    const other = parts.otherWindow();
    await resumeSubmissions(other, never);
    expect(await parts.control.jobs()).toEqual([]);
    parts.clock.jump(5_000);
    await inTime(parts.clock, resumeSubmissions(other, never));

    expect(parts.store.job(key.runId)?.state).toBe('queued');
    expect(await parts.control.jobsFor(key)).toBe(1);
  });
});

const retried: ReadonlySet<string> = new Set(['transient', 'rateLimited']);

describe('an error', () => {
  it.each(providerErrorTags)('%s of the request ends in one job or in a clear failure', async (tag) => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'submit', kind: 'fail', tag, raw: `raw words for ${tag}`, times: 2 });
    const { runId, result, error } = await submit(parts);
    const job = parts.store.job(runId);
    const { submit: requests } = await parts.control.calls();

    if (retried.has(tag)) {
      expect(result?.kind).toBe('accepted');
      expect(requests).toBe(3);
      expect(await parts.control.jobsFor({ runId, attempt: 1 })).toBe(1);
      return;
    }
    expect(error).toMatchObject({ tag });
    expect(requests).toBe(1);
    expect(job).toMatchObject({ state: 'failed', reason: expect.stringContaining(`refused: ${tag}`) });
    expect(parts.store.events(runId).at(-1)).toMatchObject({ state: 'failed', native: `raw words for ${tag}` });
    expect(await parts.control.jobs()).toEqual([]);
  });

  it.each(providerErrorTags)('%s while the code is sent ends in one job or in a clear failure', async (tag) => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'stage', kind: 'fail', tag, times: 2 });
    const { runId } = await submit(parts);
    expect(parts.store.job(runId)?.state).toBe(retried.has(tag) ? 'queued' : 'failed');
    expect(await parts.control.jobsFor({ runId, attempt: 1 })).toBe(retried.has(tag) ? 1 : 0);
  });

  it('that is silence while the code is sent is overcome', async () => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'stage', kind: 'hang' });
    const { runId } = await submit(parts);
    expect(parts.store.job(runId)?.state).toBe('queued');
  });

  it('that does not go away ends the submission after some tries', async () => {
    const parts = scriptedParts();
    await parts.control.addFault({ on: 'submit', kind: 'fail', tag: 'transient', times: 1000 });
    const { runId } = await submit(parts);
    expect(parts.store.job(runId)?.state).toBe('failed');
    expect((await parts.control.calls()).submit).toBe(6);
    expect(await parts.control.jobs()).toEqual([]);
  });

  it('is waited out for as long as the provider wishes', async () => {
    const parts = scriptedParts();
    const began = parts.clock.now();
    await parts.control.addFault({ on: 'submit', kind: 'fail', tag: 'rateLimited', retryAfterMs: 45_000 });
    const { result } = await submit(parts);
    expect(result?.kind).toBe('accepted');
    expect(parts.clock.now() - began).toBeGreaterThanOrEqual(45_000);
  });
});

describe.each(['named', 'searched'] as const)('an answer that gets lost, of a provider with %s jobs', (idempotency) => {
  it.each(['loseReply', 'loseRequest', 'hangAfterWork', 'hang', 'duplicate'] as const)(
    '(%s) costs no job',
    async (kind) => {
      const parts = scriptedParts({ idempotency });
      await parts.control.addFault({ on: 'submit', kind });
      const { runId, result } = await submit(parts);
      expect(result?.kind).toBe('accepted');
      const copies = kind === 'duplicate' && idempotency === 'searched' ? 2 : 1;
      expect(await parts.control.jobsFor({ runId, attempt: 1 })).toBe(copies);
      const isLost = kind === 'loseRequest' || kind === 'hang';
      expect((await parts.control.calls()).submit).toBe(isLost ? 2 : 1);
    },
  );

  it.each(providerErrorTags)('leaves the submission open while the provider says only %s', async (tag) => {
    const parts = scriptedParts({ idempotency });
    await parts.control.addFault({ on: 'submit', kind: 'loseReply' });
    // A provider that searches asks once before it creates.
    const after = idempotency === 'searched' ? 1 : 0;
    await parts.control.addFault({ on: 'find', kind: 'fail', tag, times: 1000, after });
    const { runId, error } = await submit(parts);
    expect(error).toMatchObject({ tag });
    await inTime(parts.clock, resumeSubmissions(parts, never));

    expect(parts.store.job(runId)?.state).toBe('submitting');
    const notes = parts.store.events(runId).filter(({ kind }) => kind === 'error');
    expect(notes.map(({ text }) => text)).toEqual([
      expect.stringContaining('not known yet whether the request arrived'),
    ]);

    await parts.control.clearFaults();
    await inTime(parts.clock, resumeSubmissions(parts, never));
    expect(parts.store.job(runId)?.state).toBe('queued');
    expect(await parts.control.jobsFor({ runId, attempt: 1 })).toBe(1);
  });
});

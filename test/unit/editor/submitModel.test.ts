import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Emitter } from '../../../src/core/event.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { acceleratorChoices } from '../../../src/editor/connections/acceleratorChoices.ts';
import type { FormPlaces } from '../../../src/editor/connections/places.ts';
import { FormMemory } from '../../../src/editor/formMemory.ts';
import type { PlacesSource } from '../../../src/editor/offerList.ts';
import { SubmitModel, type SubmitModelDeps } from '../../../src/editor/submitModel.ts';
import { emptyDraft, type FormDraft } from '../../../src/protocol/submitForm.ts';
import { offer, preview, ScriptedEngine } from '../../fixtures/editor/formEngine.ts';
import { MemoryValues } from '../../fixtures/editor/memoryValues.ts';
import { newRunId, quietLogger } from '../../fixtures/engine/engineParts.ts';

const folder = '/home/ada/lab';
const draft: FormDraft = { ...emptyDraft, followActiveFile: false, command: 'python train.py' };
const blocked = { message: 'not trusted', action: 'trust', actionLabel: 'Manage trust' } as const;

interface Setup {
  readonly model: SubmitModel;
  readonly engine: ScriptedEngine;
  readonly values: MemoryValues;
  readonly saved: { count: number };
}

function setup(options: Partial<SubmitModelDeps> & { readonly values?: MemoryValues } = {}): Setup {
  const { values = new MemoryValues(), ...deps } = options;
  const engine = new ScriptedEngine();
  const saved = { count: 0 };
  const model = new SubmitModel({
    engine: async () => engine,
    places: async () => places().source,
    memory: new FormMemory(values),
    logger: quietLogger,
    saveAll: async () => {
      saved.count += 1;
    },
    mintRunId: newRunId,
    hasSecret: async (name) => name === 'STORED',
    interpreterOf: async (of) => `${of}/.venv/bin/python`,
    ...deps,
  });
  model.setSurroundings({ folder, activePath: 'train.py', blocked: null });
  return { model, engine, values, saved };
}

/** Lets everything happen that is due, with typing and saving at rest. */
async function rest(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the draft', () => {
  it('follows the active file until a command is typed', () => {
    const { model } = setup();
    expect(model.state.draft.command).toBe('python train.py');
    model.setSurroundings({ folder, activePath: 'eval.py', blocked: null });
    expect(model.state.draft.command).toBe('python eval.py');
    model.typeDraft({ ...model.state.draft, command: 'make', followActiveFile: false }, model.state.revision);
    model.setSurroundings({ folder, activePath: 'train.py', blocked: null });
    expect(model.state.draft.command).toBe('make');
    expect(model.state.activeFile).toEqual({ path: 'train.py', command: 'python train.py' });
  });

  it('hands a script to Slurm that tells it what it needs, once it does', () => {
    const { model } = setup();
    model.setSurroundings({ folder, activePath: 'run.sh', activeStart: '#!/bin/bash\n', blocked: null });
    expect(model.state.draft.command).toBe('bash run.sh');
    model.setSurroundings({
      folder,
      activePath: 'run.sh',
      activeStart: '#!/bin/bash\n#SBATCH -p gpu\n',
      blocked: null,
    });
    expect(model.state.draft.command).toBe('sbatch run.sh');
  });

  it('keeps the last file while something else is looked at, and forgets it with its folder', () => {
    const { model } = setup();
    model.setSurroundings({ folder, activePath: null, blocked: null });
    expect(model.state.activeFile?.path).toBe('train.py');
    model.setSurroundings({ folder: '/home/ada/other', activePath: null, blocked: null });
    expect(model.state.activeFile).toBeNull();
  });

  it('ignores typing that began before the extension changed it', () => {
    const { model } = setup();
    const { revision } = model.state;
    model.setSurroundings({ folder, activePath: 'eval.py', blocked: null });
    model.typeDraft({ ...draft, command: 'late' }, revision);
    expect(model.state.draft.command).toBe('python eval.py');
    expect(model.state.revision).toBe(revision + 1);
  });

  it('shows problems next to their fields as they are typed', () => {
    const { model } = setup();
    model.typeDraft({ ...draft, nodes: 'two', durationLimit: 'soon' }, model.state.revision);
    expect(model.state.problems.map(({ field }) => field)).toEqual(['nodes', 'durationLimit']);
    model.typeDraft({ ...draft, nodes: '2' }, model.state.revision);
    expect(model.state.problems).toEqual([]);
  });

  it('is remembered for the next window, also when this one closes at once', async () => {
    const { model, values } = setup();
    model.typeDraft({ ...draft, name: 'first' }, model.state.revision);
    await rest();
    expect(setup({ values }).model.state.draft.name).toBe('first');
    model.typeDraft({ ...draft, name: 'second' }, model.state.revision);
    model.dispose();
    expect(setup({ values }).model.state.draft.name).toBe('second');
  });

  it('starts anew when what was remembered is damaged', () => {
    const values = new MemoryValues();
    values.values.set('draft', '{"command": ');
    expect(setup({ values }).model.state.draft).toEqual({ ...emptyDraft, command: 'python train.py' });
  });

  it('is emptied by reset, with what was included', async () => {
    const { model, values } = setup();
    await model.upload.include('.env', true);
    model.typeDraft({ ...draft, nodes: '4', followActiveFile: false }, model.state.revision);
    await model.reset();
    expect(model.state.draft).toEqual({ ...emptyDraft, command: 'python train.py' });
    expect(new FormMemory(values).included(folder)).toEqual([]);
  });
});

describe('options', () => {
  it('are remembered for each connection, and asked for when the form comes into sight', async () => {
    const { model, engine, values } = setup();
    const options = { here: { account: 'vision' } };
    model.typeDraft({ ...draft, connection: 'here', options }, model.state.revision);
    await rest();
    expect(engine.optionsAsked).toEqual([]);
    const next = setup({ values });
    expect(next.model.state.draft.options).toEqual(options);
    next.model.options.setShown(true);
    await rest();
    expect(next.engine.optionsAsked.map(({ question }) => question)).toEqual(['here']);
    next.model.typeDraft({ ...next.model.state.draft, connection: '' }, next.model.state.revision);
    expect(next.engine.optionsAsked[0]?.signal.aborted).toBe(true);
    expect(next.model.state.options).toEqual({ options: [], isAsking: false, problem: null });
  });

  it('say what stood in the way of a preview, until the draft changes', () => {
    const { model } = setup();
    const refusal = new ProviderError('unsupported', 'No connection here has 8 H100.', { field: 'accelerator' });
    model.showRefusal(refusal, draft);
    expect(model.state.problems).toEqual([
      { field: 'accelerator', row: null, message: 'No connection here has 8 H100.' },
    ]);
    expect(model.state.submission).toMatchObject({ kind: 'failed', message: 'No connection here has 8 H100.' });
    model.typeDraft({ ...draft, nodes: '2' }, model.state.revision);
    expect(model.state.problems).toEqual([]);
    expect(model.state.submission).toEqual({ kind: 'idle' });
  });

  it('that a provider refuses say so at their fields', async () => {
    const { model, engine } = setup();
    const typed = { ...draft, connection: 'here', options: { here: { account: 'none' } } };
    const submitting = model.submit(typed).catch((error: unknown) => error);
    await rest();
    expect(engine.specs.map(({ options }) => options)).toEqual([{ account: 'none' }]);
    engine.submissions[0]?.fail(
      new ProviderError('invalid', 'There is no account none.', { field: 'options.account' }),
    );
    await submitting;
    expect(model.state.problems).toEqual([
      { field: 'options.account', row: null, message: 'There is no account none.' },
    ]);
  });
});

/** Places that the test changes. */
function places() {
  const changed = new Emitter<void>();
  const lookers = new Set<object>();
  let asked = 0;
  let current: FormPlaces = { connections: [], accelerators: null, silent: [] };
  const source: PlacesSource = {
    onDidChange: changed.event,
    now: () => current,
    label: (id) => `Cloud ${id}`,
    setLooking: (looker, isLooking) => {
      if (isLooking) {
        lookers.add(looker);
      } else {
        lookers.delete(looker);
      }
    },
    refresh: async () => {
      asked += 1;
    },
  };
  const show = (change: Partial<FormPlaces>): void => {
    current = { ...current, ...change };
    changed.fire();
  };
  return { source, show, lookers, asked: () => asked };
}

describe('places', () => {
  it('show as they come in, and are looked at only while the form is', async () => {
    const { source, show, lookers } = places();
    const { model } = setup({ places: async () => source });
    expect(model.state.accelerators).toBeNull();
    await model.offers.setShown(true);
    expect(lookers.size).toBe(1);
    const seen: unknown[] = [];
    model.onDidChange(({ silent }) => seen.push(silent));
    const silent = [
      { connection: 'far', label: 'Far away', isAsking: false, word: 'not reachable', reason: 'no route' },
    ];
    show({ accelerators: acceleratorChoices([offer()], () => 'Here'), silent });
    expect(seen.at(-1)).toEqual(silent);
    expect(model.state.accelerators?.map(({ label }) => label)).toEqual(['CPU only']);
    await model.offers.setShown(false);
    expect(lookers.size).toBe(0);
  });

  it('say so when they cannot be asked at all, and are tried again', async () => {
    const { source, asked } = places();
    const answers = [Promise.reject(new ProviderError('conflict', 'It is broken.', { remedy: 'Mend it.' }))];
    const { model } = setup({ places: async () => await (answers.shift() ?? source) });
    await model.offers.refresh();
    expect(model.state.acceleratorsError).toBe('It is broken. Mend it.');
    await model.offers.refresh();
    expect(model.state.acceleratorsError).toBeNull();
    expect(asked()).toBe(1);
  });

  it('name the connection of the draft when it was removed', async () => {
    const { source, show } = places();
    const { model } = setup({ places: async () => source });
    model.useConnection('slurm-1');
    expect(model.state.removedConnection).toBeNull();
    await model.offers.setShown(true);
    show({ connections: [] });
    expect(model.state.removedConnection).toBe('Cloud slurm-1');
    model.useConnection('');
    expect(model.state.removedConnection).toBeNull();
  });

  it('are left to placement or to the person: a connection that was added is filled in', () => {
    const { model } = setup();
    const before = model.state.revision;
    model.useConnection('slurm-1');
    expect(model.state.draft).toMatchObject({ connection: 'slurm-1', region: '' });
    expect(model.state.revision).toBe(before + 1);
  });
});

describe('what would be sent', () => {
  it('is counted once for many saves, and only while the form is shown', async () => {
    const { model, engine } = setup();
    model.upload.outdate();
    await rest();
    expect(engine.scans).toHaveLength(0);
    model.upload.setShown(true);
    model.upload.outdate();
    model.upload.outdate();
    await rest();
    expect(model.state.upload).toEqual({ kind: 'counting' });
    engine.scans[0]?.answer(preview());
    await rest();
    expect(model.state.upload).toEqual({ kind: 'known', files: 1, bytes: 12, heldBack: [], included: [] });
    model.upload.setShown(false);
    model.upload.setShown(true);
    await rest();
    expect(engine.scans).toHaveLength(1);
    model.upload.setShown(false);
    model.upload.outdate();
    await rest();
    expect(engine.scans).toHaveLength(1);
    model.upload.setShown(true);
    await rest();
    expect(engine.scans).toHaveLength(2);
  });

  it('drops a count that is superseded', async () => {
    const { model, engine } = setup();
    model.upload.setShown(true);
    await rest();
    model.upload.outdate();
    expect(engine.scans[0]?.signal.aborted).toBe(true);
    await rest();
    engine.scans[0]?.answer(preview({ bytes: 1 }));
    engine.scans[1]?.answer(preview({ bytes: 2 }));
    await rest();
    expect(model.state.upload).toMatchObject({ kind: 'known', bytes: 2 });
  });

  it('includes a held-back file of this folder and of no other', async () => {
    const { model, engine } = setup();
    model.upload.setShown(true);
    await model.upload.include('.env', true);
    await rest();
    expect(engine.scans.at(-1)?.question).toEqual({ folder, include: ['.env'] });
    model.setSurroundings({ folder: '/home/ada/other', activePath: null, blocked: null });
    await rest();
    expect(engine.scans.at(-1)?.question).toEqual({ folder: '/home/ada/other', include: [] });
    model.setSurroundings({ folder, activePath: null, blocked: null });
    await model.upload.include('.env', false);
    await rest();
    expect(engine.scans.at(-1)?.question).toEqual({ folder, include: [] });
  });

  it('says why nothing can be sent', async () => {
    const { model, engine } = setup();
    model.upload.setShown(true);
    await rest();
    engine.scans[0]?.answer(preview({ refused: [{ path: 'data', reason: 'leads outside the folder' }] }));
    await rest();
    expect(model.state.upload).toEqual({ kind: 'failed', message: 'data: leads outside the folder' });
    model.upload.outdate();
    await rest();
    engine.scans[1]?.fail(new Error('no such folder'));
    await rest();
    expect(model.state.upload).toEqual({ kind: 'failed', message: 'no such folder' });
  });

  it('is not looked at where nothing may be run', async () => {
    const { model, engine } = setup();
    model.upload.setShown(true);
    model.setSurroundings({ folder, activePath: 'train.py', blocked });
    await rest();
    expect(engine.scans).toHaveLength(0);
    expect(model.state).toMatchObject({ blocked, upload: { kind: 'none' } });
  });
});

describe('submit', () => {
  it('saves, shows the steps and ends with the run id that the preview named', async () => {
    const { model, engine, saved } = setup();
    const created: string[] = [];
    model.onDidCreate((runId) => created.push(runId));
    const { runId } = model;
    const done = model.submit(draft);
    await rest();
    expect(saved.count).toBe(1);
    expect(engine.submissions[0]?.question).toMatchObject({
      runId,
      sourceFolder: folder,
      include: [],
      interpreter: `${folder}/.venv/bin/python`,
    });
    engine.submissions[0]?.report('Sending the code', 0.5);
    expect(model.state.submission).toEqual({ kind: 'submitting', step: 'Sending the code', fraction: 0.5 });
    engine.submissions[0]?.answer(undefined);
    expect(await done).toBe(runId);
    expect(created).toEqual([runId]);
    expect(model.state.submission).toEqual({ kind: 'idle' });
    expect(model.runId).not.toBe(runId);
  });

  it('pressed twice is one submission', async () => {
    const { model, engine } = setup();
    const first = model.submit(draft);
    expect(await model.submit(draft)).toBeUndefined();
    await rest();
    engine.submissions[0]?.answer(undefined);
    expect(await first).toBeDefined();
    expect(engine.submissions).toHaveLength(1);
  });

  it('goes on to be shown when a preview fails meanwhile', async () => {
    const { model, engine } = setup();
    const submitted = model.submit(draft);
    await rest();
    engine.submissions[0]?.report('Sending 3 files', 0.5);
    model.showRefusal(new ProviderError('transient', 'Cloud a cannot be reached.', {}), draft);
    expect(model.state.submission).toEqual({ kind: 'submitting', step: 'Sending 3 files', fraction: 0.5 });
    expect(model.isSubmitting).toBe(true);
    engine.submissions[0]?.answer(undefined);
    await submitted;
    expect(model.isSubmitting).toBe(false);
  });

  it('takes the code and the included files of the folder it is told', async () => {
    const { model, engine, values } = setup();
    await model.upload.include('.env', true);
    await new FormMemory(values).keepIncluded('/home/ada/other', ['big.bin']);
    const done = model.submit(draft, '/home/ada/other');
    await rest();
    expect(engine.submissions[0]?.question).toMatchObject({
      sourceFolder: '/home/ada/other',
      include: ['big.bin'],
      interpreter: '/home/ada/other/.venv/bin/python',
    });
    engine.submissions[0]?.answer(undefined);
    await done;
  });

  it('asks for the values of secrets before there is a job', async () => {
    const values = new Set(['STORED']);
    const { model, engine, saved } = setup({ hasSecret: async (name) => values.has(name) });
    const wish = { ...draft, secrets: ['STORED', 'HF_TOKEN'] };
    model.typeDraft(wish, model.state.revision);
    await expect(model.submit(wish)).resolves.toBeUndefined();
    expect(model.state.problems).toEqual([
      { field: 'secrets', row: 1, message: 'HF_TOKEN has no value here yet. Set one.' },
    ]);
    expect(model.state.submission).toEqual({ kind: 'idle' });
    expect(engine.specs).toEqual([]);
    expect(saved.count).toBe(0);
    values.add('HF_TOKEN');
    await model.refreshSecrets();
    expect(model.state.problems).toEqual([]);
  });

  it('sends nothing while the draft has problems or the workspace is blocked', async () => {
    const { model, engine } = setup();
    expect(await model.submit({ ...draft, command: '' })).toBeUndefined();
    expect(model.state.problems.map(({ field }) => field)).toEqual(['command']);
    model.setSurroundings({ folder, activePath: 'train.py', blocked });
    expect(await model.submit(draft)).toBeUndefined();
    expect(engine.submissions).toHaveLength(0);
  });

  it('can be cancelled at any moment, and says nothing then', async () => {
    const { model, engine } = setup();
    const early = model.submit(draft);
    model.cancelSubmit();
    expect(await early).toBeUndefined();
    expect(engine.submissions).toHaveLength(0);
    const late = model.submit(draft);
    await rest();
    model.cancelSubmit();
    expect(await late).toBeUndefined();
    expect(engine.submissions[0]?.signal.aborted).toBe(true);
    expect(model.state.submission).toEqual({ kind: 'idle' });
  });

  it('that fails shows the sentence, the native words and the field, until the draft changes', async () => {
    const { model, engine } = setup();
    const error = new ProviderError('quota', 'There is no quota.', {
      field: 'accelerator',
      raw: 'QUOTA_EXCEEDED',
      remedy: 'Ask for more.',
    });
    const done = model.submit(draft);
    const failed = expect(done).rejects.toBe(error);
    await rest();
    engine.submissions[0]?.fail(error);
    await failed;
    expect(model.state.submission).toEqual({
      kind: 'failed',
      message: 'There is no quota. Ask for more.',
      detail: 'QUOTA_EXCEEDED',
    });
    expect(model.state.problems).toEqual([{ field: 'accelerator', row: null, message: 'There is no quota.' }]);
    model.typeDraft({ ...draft, accelerator: 'H100' }, model.state.revision);
    expect(model.state).toMatchObject({ submission: { kind: 'idle' }, problems: [] });
  });

  it('does not submit what could not be saved, and can be pressed again', async () => {
    const { model, engine } = setup({
      saveAll: vi
        .fn<() => Promise<void>>()
        .mockRejectedValueOnce(new Error('train.py is read-only'))
        .mockResolvedValue(),
    });
    await expect(model.submit(draft)).rejects.toThrow('read-only');
    expect(engine.submissions).toHaveLength(0);
    expect(model.state.submission).toMatchObject({ kind: 'failed', message: 'train.py is read-only' });
    const again = model.submit(draft);
    await rest();
    engine.submissions[0]?.answer(undefined);
    expect(await again).toBeDefined();
  });
});

describe('secrets', () => {
  it('show which have a value', async () => {
    const { model } = setup();
    model.typeDraft({ ...draft, secrets: ['STORED', 'MISSING'] }, model.state.revision);
    await rest();
    expect(model.state.storedSecrets).toEqual(['STORED']);
  });

  it('are looked up only when their names change', async () => {
    const hasSecret = vi.fn(async () => true);
    const { model } = setup({ hasSecret });
    model.typeDraft({ ...draft, secrets: ['TOKEN'] }, model.state.revision);
    model.typeDraft({ ...draft, secrets: ['TOKEN'], nodes: '2' }, model.state.revision);
    await rest();
    expect(hasSecret).toHaveBeenCalledTimes(1);
  });
});

import { describe, expect, it } from 'vitest';

import type { JobOption } from '../../../src/core/provider.ts';
import { ProviderError } from '../../../src/core/providerError.ts';
import { OptionList } from '../../../src/editor/optionList.ts';
import { ScriptedEngine } from '../../fixtures/editor/formEngine.ts';
import { quietLogger } from '../../fixtures/engine/engineParts.ts';

const option = (name: string): JobOption => ({
  name,
  label: name,
  help: 'Help.',
  choices: [],
  mayType: true,
  fallback: null,
});

function setup() {
  const engine = new ScriptedEngine();
  const list = new OptionList({
    preparation: async () => engine.preparation,
    logger: quietLogger,
    changed: () => undefined,
  });
  const asked = async (count: number) => {
    await expect.poll(() => engine.optionsAsked.length).toBe(count);
    const question = engine.optionsAsked[count - 1];
    if (question === undefined) {
      throw new Error('nothing was asked');
    }
    return question;
  };
  const names = (): readonly string[] => list.state.options.map(({ name }) => name);
  return { list, engine, asked, names };
}

describe('the options of a connection', () => {
  it('are asked for once it is chosen and the form is in sight, and never before', async () => {
    const { list, engine, asked, names } = setup();
    list.setConnection('lab');
    await Promise.resolve();
    expect(engine.optionsAsked).toEqual([]);
    list.setShown(true);
    const question = await asked(1);
    expect(question.question).toBe('lab');
    expect(list.state).toEqual({ options: [], isAsking: true, problem: null });
    question.answer([option('account')]);
    await expect.poll(names).toEqual(['account']);
    expect(list.state.isAsking).toBe(false);
  });

  it('are not asked for when any connection may be taken', async () => {
    const { list, engine } = setup();
    list.setShown(true);
    list.setConnection('');
    await Promise.resolve();
    expect(engine.optionsAsked).toEqual([]);
  });

  it('are those of the connection that is chosen now, whoever answers late', async () => {
    const { list, asked, names } = setup();
    list.setShown(true);
    list.setConnection('lab');
    const lab = await asked(1);
    list.setConnection('cluster');
    const cluster = await asked(2);
    expect(lab.signal.aborted).toBe(true);
    cluster.answer([option('queue')]);
    await expect.poll(names).toEqual(['queue']);
    lab.answer([option('account')]);
    await new Promise(setImmediate);
    expect(names()).toEqual(['queue']);
    list.setConnection('');
    expect(names()).toEqual([]);
  });

  it('stay while they are asked for again', async () => {
    const { list, asked, names } = setup();
    list.setShown(true);
    list.setConnection('lab');
    (await asked(1)).answer([option('account')]);
    await expect.poll(names).toEqual(['account']);
    list.setConnection('cluster');
    expect(names()).toEqual([]);
    list.setConnection('lab');
    expect(names()).toEqual(['account']);
    (await asked(3)).answer([option('account'), option('qos')]);
    await expect.poll(names).toEqual(['account', 'qos']);
  });

  it('that cannot be had say why, until they are asked for again', async () => {
    const { list, asked, names } = setup();
    list.setShown(true);
    list.setConnection('lab');
    (await asked(1)).fail(new ProviderError('auth', 'Sign in to lab.', { remedy: 'Press Sign in.' }));
    await expect.poll(() => list.state.problem).toBe('Sign in to lab. Press Sign in.');
    expect(list.state.isAsking).toBe(false);
    void list.refresh();
    expect(list.state.problem).toBeNull();
    (await asked(2)).answer([option('account')]);
    await expect.poll(names).toEqual(['account']);
  });

  it('are waited for no more once the form is gone', async () => {
    const { list, asked } = setup();
    list.setShown(true);
    list.setConnection('lab');
    const question = await asked(1);
    list.dispose();
    expect(question.signal.aborted).toBe(true);
  });
});

import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { settledSelection } from '../../../src/editor/treeSelection.ts';

describe('the selection of a tree', () => {
  it('is what VS Code says when the tree stands still', async () => {
    expect(await settledSelection({ selection: ['job'] }, () => 0)).toEqual(['job']);
    expect(await settledSelection({ selection: [] }, () => 0)).toEqual([]);
  });

  it('is waited for while the tree is drawn anew, until all of it is back', async () => {
    const redrawnAt = Date.now();
    const view: { selection: string[] } = { selection: [] };
    const selected = settledSelection(view, () => redrawnAt);
    await delay(60);
    view.selection = ['one'];
    await delay(10);
    view.selection = ['one', 'other'];
    expect(await selected).toEqual(['one', 'other']);
  });

  it('is empty when nothing comes back', async () => {
    const redrawnAt = Date.now() - 900;
    expect(await settledSelection({ selection: [] }, () => redrawnAt)).toEqual([]);
  });
});

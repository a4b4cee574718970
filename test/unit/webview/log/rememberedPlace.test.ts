import { describe, expect, it } from 'vitest';

import { type LogPlace, rememberedPlace } from '../../../../webview/log/rememberedPlace.ts';

const place: LogPlace = {
  identity: 'run 1',
  top: 41,
  into: 0.25,
  cursor: -3,
  match: 2,
  opened: [{ line: 40, stream: 1 }],
};

describe('rememberedPlace', () => {
  it('gives what was remembered', () => {
    expect(rememberedPlace({ runId: 'r', place })).toEqual(place);
    const atEnd = { ...place, top: null, into: 0, cursor: null, match: null, opened: [] };
    expect(rememberedPlace({ place: atEnd })).toEqual(atEnd);
  });

  it('takes nothing that is damaged', () => {
    for (const state of [undefined, null, 'x', {}, { place: 3 }, { place: { ...place, identity: 7 } }]) {
      expect(rememberedPlace(state)).toBeUndefined();
    }
    for (const into of [-1, 2, NaN, '0', undefined]) {
      expect(rememberedPlace({ place: { ...place, into } })).toBeUndefined();
    }
    expect(
      rememberedPlace({ place: { ...place, top: 1.5, cursor: 'a', match: -1, opened: [{ line: -1, stream: 0 }, 3] } }),
    ).toEqual({ ...place, top: null, cursor: null, match: null, opened: [] });
  });
});

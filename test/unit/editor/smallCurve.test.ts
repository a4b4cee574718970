import { describe, expect, it } from 'vitest';

import { Series } from '../../../src/core/metrics/series.ts';
import { curveCaption, curveImage } from '../../../src/editor/smallCurve.ts';

function series(...points: readonly (readonly [step: number | null, value: number])[]): Series {
  const made = new Series('<loss>', null);
  for (const [step, value] of points) {
    made.add(value, step, null, 0);
  }
  return made;
}

describe('a small curve', () => {
  it('goes from the left to the right and from the least to the greatest value', () => {
    expect(curveImage(series([0, 4], [10, 2], [20, 3]), '#123456')).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="56">' +
        '<polyline points="2.0,2.0 120.0,54.0 238.0,28.0" fill="none" stroke="#123456" stroke-width="1.5"/></svg>',
    );
  });

  it('is drawn in parts where the step goes back, and without what is no number', () => {
    const image = curveImage(series([0, 4], [5, Number.NaN], [10, 2], [5, 3], [10, 1]), 'red');
    expect(image?.match(/<polyline/gu)).toHaveLength(2);
    expect(image).not.toContain('NaN');
  });

  it('is flat when all values are the same, and none with fewer than two', () => {
    expect(curveImage(series([0, 4], [10, 4]), 'red')).toContain('points="2.0,2.0 238.0,2.0"');
    expect(curveImage(series([0, 4]), 'red')).toBeUndefined();
    expect(curveImage(series([0, 4], [1, Number.NaN]), 'red')).toBeUndefined();
  });

  it('says its newest value', () => {
    expect(curveCaption(series([0, 4], [1_200, 0.41034]))).toBe('<loss> 0.4103 at step 1,200');
    expect(curveCaption(series([null, 4], [null, 3]))).toBe('<loss> 3');
  });
});

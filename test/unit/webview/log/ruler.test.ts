import { afterEach, describe, expect, it, vi } from 'vitest';

import { Ruler } from '../../../../webview/log/ruler.ts';

const height = 500;
type Mark = readonly [x: number, y: number];

/** A ruler of that height, 12 px wide, and what it draws the next time. */
function setup(go: (share: number) => void = () => undefined) {
  let marks: Mark[] = [];
  const context = {
    scale: () => undefined,
    fillRect: (x: number, y: number): void => {
      marks.push([x, y]);
    },
  };
  const ruler = new Ruler(go);
  vi.spyOn(ruler.element, 'clientWidth', 'get').mockReturnValue(12);
  vi.spyOn(ruler.element, 'clientHeight', 'get').mockReturnValue(height);
  vi.spyOn(ruler.element, 'getContext').mockReturnValue(context as unknown as CanvasRenderingContext2D);
  const drawn = (draw: () => void): readonly Mark[] => {
    marks = [];
    draw();
    return marks;
  };
  return { ruler, drawn };
}

describe('the overview ruler', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('shows errors and warnings at the left and matches at the right, where they are in the log', () => {
    const { ruler, drawn } = setup();
    expect(
      drawn(() => {
        ruler.show({ errors: [0, 500] });
      }),
    ).toEqual([
      [0, 0],
      [0, 250],
    ]);
    expect(
      drawn(() => {
        ruler.show({ matches: [999], warnings: [250] });
      }),
    ).toEqual([
      [0, 125],
      [0, 0],
      [0, 250],
      [6, 499],
    ]);
  });

  it('draws no more than there are pixels', () => {
    const { ruler, drawn } = setup();
    const marks = drawn(() => {
      ruler.show({ matches: Array.from({ length: 1_000 }, (_, step) => step) });
    });
    expect(marks).toHaveLength(height);
  });

  it('leads to where it is clicked', () => {
    const shares: number[] = [];
    const { ruler } = setup((share) => shares.push(share));
    const event = new Event('pointerdown');
    Object.defineProperty(event, 'offsetY', { value: 125 });
    ruler.element.dispatchEvent(event);
    expect(shares).toEqual([0.25]);
  });
});

import { describe, expect, it } from 'vitest';

import { ReadingPlace } from '../../../../webview/log/readingPlace.ts';

const viewport = (rows: number) => ({ rows, rowHeight: 20, height: 400, isUneven: false });

describe('ReadingPlace', () => {
  it('follows the end until it is left upwards, and stays there while rows come', () => {
    const place = new ReadingPlace();
    place.settle(viewport(100), 16);
    expect(place.top).toBe(80);
    place.settle(viewport(150), 32);
    expect(place.top).toBe(130);
    place.by(viewport(150), -1);
    place.settle(viewport(1_354), 48);
    expect([place.isFollowing, place.top, place.unseen(1_354)]).toEqual([false, 129, 1_204]);
  });

  it('follows again once it is scrolled to the end', () => {
    const place = new ReadingPlace();
    place.settle(viewport(100), 64);
    place.by(viewport(100), -10);
    place.by(viewport(100), 9);
    expect(place.isFollowing).toBe(false);
    place.by(viewport(100), 1);
    expect([place.isFollowing, place.unseen(100)]).toEqual([true, 0]);
  });

  it('goes on following where there is nothing to scroll', () => {
    const place = new ReadingPlace();
    place.by(viewport(3), -1);
    expect(place.isFollowing).toBe(true);
  });

  it('has rows ready where the person is going, and none for who rushes past', () => {
    const place = new ReadingPlace();
    const far = viewport(1_000_000);
    place.settle(far, 80);
    expect(place.reach).toEqual([0, 0]);
    place.goTo(far, 500_000);
    place.settle(far, 96);
    expect(place.reach).toEqual([0, 0]);
    place.by(far, 3);
    place.settle(far, 112);
    expect(place.reach).toEqual([64, 512]);
    place.by(far, -300);
    place.settle(far, 128);
    expect(place.reach).toEqual([4_096, 64]);
  });

  it('knows how many rows are passed meanwhile by who goes on, and that none are by who rests', () => {
    const place = new ReadingPlace();
    const far = viewport(1_000_000);
    place.goTo(far, 500_000);
    place.settle(far, 0);
    expect(place.passedIn(100)).toBe(0);
    place.by(far, -160);
    place.settle(far, 16);
    expect(place.passedIn(100)).toBe(1_000);
    place.settle(far, 32);
    expect(place.passedIn(100)).toBe(0);
    place.by(far, 300);
    place.settle(far, 60_000);
    expect(place.passedIn(100)).toBe(300);
  });

  it('keeps its place when rows before the known ones are counted', () => {
    const place = new ReadingPlace();
    place.settle(viewport(200), 144);
    place.by(viewport(200), -50);
    place.shift(9_800);
    expect([place.top, place.unseen(10_000)]).toEqual([9_930, 0]);
  });
});

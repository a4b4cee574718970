/**
 * Exponential smoothing as TensorBoard does it: an average in which each step back weighs `weight` times as much, corrected so that
 * the first values do not lean towards zero. What is not a finite number stays as it is and does not count.
 * @param weight From 0, no smoothing, to below 1.
 */
export function smoothed(values: readonly number[], weight: number): number[] {
  let average = 0;
  let counted = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) {
      return value;
    }
    counted += 1;
    average = average * weight + (1 - weight) * value;
    return weight === 0 ? value : average / (1 - weight ** counted);
  });
}

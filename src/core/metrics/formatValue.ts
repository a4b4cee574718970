const digits = 4;
const largest = 1e6;
const smallest = 1e-3;

/** A number in a few characters: `0.4103`, `41,234`, `3e-4`, `NaN`. */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || value === 0) {
    return String(value);
  }
  if (size >= largest || size < smallest) {
    return value.toExponential(2).replace(/\.?0+e/u, 'e');
  }
  return Number.isInteger(value)
    ? value.toLocaleString('en')
    : value.toLocaleString('en', { maximumSignificantDigits: digits });
}

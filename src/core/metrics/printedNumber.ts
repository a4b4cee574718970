/** Source of a pattern for a number as programs print it. Unambiguous, so that nothing is tried twice. */
export const numberPattern = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?|NaN|NAN|Inf(?:inity)?|INF)`;

/** Digits parted by commas as thousands are. */
export const groupedNumber = /^\d{1,3}(?:,\d{3})+(?:\.\d*)?$/u;

const whole = new RegExp(`^(?:${numberPattern})$`, 'u');

/** Is all of the text a number, `nan` and `inf` among them? */
export function isPrintedNumber(text: string): boolean {
  return whole.test(text);
}

/**
 * The value of a text that `numberPattern` matches, or of digits parted by commas. NaN of anything else, too.
 * @param power Of ten, that it is multiplied with; other than 0 only for a text without an exponent.
 */
export function printedNumber(text: string, power = 0): number {
  const infinite = /^([+-]?)inf/iu.exec(text);
  if (infinite !== null) {
    return infinite[1] === '-' ? -Infinity : Infinity;
  }
  const digits = text.replaceAll(',', '');
  return Number(power === 0 ? digits : `${digits}e${power}`);
}

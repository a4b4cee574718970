/** Source of a pattern for a number as programs print it. Unambiguous, so that nothing is tried twice. */
export const numberPattern = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?|NaN|NAN|Inf(?:inity)?|INF)`;

const whole = new RegExp(`^(?:${numberPattern})$`, 'u');

/** Is all of the text a number, `nan` and `inf` among them? */
export function isPrintedNumber(text: string): boolean {
  return whole.test(text);
}

/** The value of a text that `numberPattern` matches, or of digits parted by commas. NaN of anything else, too. */
export function printedNumber(text: string): number {
  const infinite = /^([+-]?)inf/iu.exec(text);
  if (infinite !== null) {
    return infinite[1] === '-' ? -Infinity : Infinity;
  }
  return Number(text.replaceAll(',', ''));
}

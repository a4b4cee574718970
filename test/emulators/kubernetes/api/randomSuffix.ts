import { randomInt } from 'node:crypto';

/** The letters that the server makes names of: no vowels, nothing that looks like another. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';

export function randomSuffix(length = 5): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}

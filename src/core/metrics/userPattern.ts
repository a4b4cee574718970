import { isPrintedNumber, printedNumber } from './printedNumber.ts';

/** A metric that the user described. */
export interface UserPattern {
  readonly name: string;
  /** With a group `value` and perhaps a group `step`; global. */
  readonly pattern: RegExp;
}

/** What a user's pattern found. */
export interface UserValue {
  readonly name: string;
  readonly value: number;
  readonly step: number | null;
}

/** Patterns that can be used, and what is wrong with the others. */
export interface UserPatterns {
  readonly patterns: readonly UserPattern[];
  /** Each names the field that is wrong: `psnr: has no group (?<value>…)`. */
  readonly errors: readonly string[];
}

const mostPerLine = 100;

/**
 * Reads a setting like `{ "psnr": "PSNR is (?<value>[\\d.]+) at (?<step>\\d+)" }`: name to regular expression. Nothing is one, too.
 */
export function parseUserPatterns(setting: unknown): UserPatterns {
  if (setting === undefined || setting === null) {
    return { patterns: [], errors: [] };
  }
  if (typeof setting !== 'object' || Array.isArray(setting)) {
    return { patterns: [], errors: ['must be an object of names and regular expressions'] };
  }
  const patterns: UserPattern[] = [];
  const errors: string[] = [];
  for (const [name, source] of Object.entries(setting)) {
    const parsed = parsePattern(name, source);
    if (typeof parsed === 'string') {
      errors.push(`${name}: ${parsed}`);
    } else {
      patterns.push(parsed);
    }
  }
  return { patterns, errors };
}

function parsePattern(name: string, source: unknown): UserPattern | string {
  if (name.trim() === '') {
    return 'a name is missing';
  }
  if (typeof source !== 'string') {
    return 'must be a regular expression in a string';
  }
  if (!source.includes('(?<value>')) {
    return 'has no group (?<value>…)';
  }
  try {
    return { name, pattern: new RegExp(source, 'gu') };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The values that patterns find in a line, at most 100 each. What is not a number is left out. May take as long as the patterns do. */
export function userValues(patterns: readonly UserPattern[], text: string): readonly UserValue[] {
  return patterns.flatMap(({ name, pattern }) =>
    [...text.matchAll(pattern)].slice(0, mostPerLine).flatMap(({ groups }) => {
      const value = numberOf(groups?.['value']);
      const step = numberOf(groups?.['step']);
      return value === null ? [] : [{ name, value, step: Number.isFinite(step) ? step : null }];
    }),
  );
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && isPrintedNumber(text) ? printedNumber(text) : null;
}

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { errorCode } from '../fileError.ts';
import type { RuleFile } from './ignoreRules.ts';

/** The ignore file at that path as a list of one; empty when there is none. Links are not followed, as in git. */
export function readRuleFile(absolute: string, name: string): RuleFile[] {
  let fd: number;
  try {
    fd = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') {
      return [];
    }
    throw error;
  }
  try {
    return fstatSync(fd).isFile() ? [{ name, text: readFileSync(fd, 'utf8') }] : [];
  } finally {
    closeSync(fd);
  }
}

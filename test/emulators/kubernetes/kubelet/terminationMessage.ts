import { readFileSync } from 'node:fs';
import type { Container } from '../objects/types.ts';

/** The kubelet's limits for what it takes of a file, and of a log. */
const fileBytes = 4096;
const logBytes = 2048;
const logLines = 80;

/** What a container left to be shown with its end: the file for it, or the end of its log where it asked for that. */
export function terminationMessage(path: string, container: Container, logPath: string, exitCode: number): string {
  const said = readFileSync(path).subarray(0, fileBytes).toString();
  if (said !== '' || exitCode === 0 || container.terminationMessagePolicy !== 'FallbackToLogsOnError') {
    return said;
  }
  const lines = readFileSync(logPath, 'utf8').split('\n').slice(0, -1).slice(-logLines);
  const text = lines.map((line) => {
    const [time = '', stream = '', tag = ''] = line.split(' ', 3);
    return `${line.slice(time.length + stream.length + tag.length + 3)}${tag === 'F' ? '\n' : ''}`;
  });
  return Buffer.from(text.join('')).subarray(-logBytes).toString();
}

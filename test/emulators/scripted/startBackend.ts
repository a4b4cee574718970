import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { Control } from './control.ts';

export interface Backend {
  /** For the connection's setting `url`. */
  readonly url: string;
  readonly control: Control;
  /** Kills it; its jobs are gone and later requests find nobody. */
  stop(): Promise<void>;
}

/** Starts the scripted cloud in a process of its own. It ends with `stop`, or with this process. */
export async function startBackend(): Promise<Backend> {
  const program = fileURLToPath(new URL('backend.ts', import.meta.url));
  const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];
  const child = spawn(process.execPath, [...quiet, program, '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const port = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`The scripted backend ended with ${code} before it listened.`));
    });
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    control: remoteControl(url),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Commands for a backend that somebody else started. */
export function remoteControl(url: string): Control {
  return new Control(async (command) => {
    const response = await fetch(`${url}/control`, { method: 'POST', body: JSON.stringify(command) });
    const body = z.parse(z.json(), await response.json());
    if (!response.ok) {
      throw new Error(`The scripted backend refused a command: ${JSON.stringify(body)}`);
    }
    return body;
  });
}

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

export interface Azurite {
  readonly port: number;
  stop(): Promise<void>;
}

const readyLine = /listen(?:s|ing) (?:at|on) https?:\/\/[^:\s]+:(\d+)/u;

/** Microsoft's emulator of Azure Storage, blobs only, on a free port of 127.0.0.1, with nothing but that account and in memory. */
export async function startAzurite(account: string, key: string): Promise<Azurite> {
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const child = spawn(
    process.execPath,
    [
      program,
      '--inMemoryPersistence',
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      '0',
      '--skipApiVersionCheck',
      '--disableTelemetry',
    ],
    {
      env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const onExit = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', onExit);
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    const take = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = readyLine.exec(said)?.[1];
      if (found !== undefined) {
        child.stdout.off('data', take).resume();
        resolve(Number(found));
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Azurite ended with ${code} before it was there: ${said}`)));
  });
  return {
    port,
    stop: async () => {
      process.off('exit', onExit);
      child.kill('SIGKILL');
      await exited;
    },
  };
}

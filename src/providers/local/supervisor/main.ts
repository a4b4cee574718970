import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { rememberedDiscovery } from '../accelerators/discovery.ts';
import { supervisorArgumentsSchema } from '../message.ts';
import { takeLock } from './lock.ts';
import { readBootId } from './processes.ts';
import { serve } from './server.ts';
import { Supervisor } from './supervisor.ts';

const tickMs = 500;
const discoveryMs = 30_000;
/** How long it stays when there is nothing left to do. */
const idleMs = 5000;

async function main(argument: string | undefined): Promise<void> {
  const { root, settings } = z.parse(supervisorArgumentsSchema, JSON.parse(argument ?? 'null'));
  const lock = takeLock(root);
  if (lock === null) {
    return;
  }
  const machine = { bootId: await readBootId(), accelerators: rememberedDiscovery(discoveryMs) };
  const supervisor = new Supervisor(root, machine, settings);
  const server = await serve(root, (request) => supervisor.answer(request), supervisor.onDidChange);
  await supervisor.takeUp();
  let idleSince = Date.now();
  while (Date.now() - idleSince < idleMs) {
    await sleep(tickMs);
    await supervisor.tick();
    idleSince = supervisor.isIdle && server.open === 0 ? idleSince : Date.now();
  }
  await server.close();
  lock.dispose();
}

void main(process.argv[2]);

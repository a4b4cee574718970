import type { ProviderPorts } from '../../../src/core/ports.ts';
import { ScriptedCloud } from './cloud.ts';
import { type Idempotency, ScriptedConnection } from './connection.ts';
import { Control, obey } from './control.ts';
import { directTransport } from './transport.ts';

/** A connection to a scripted cloud of its own in this process, on the clock of `ports`. */
export function scriptedConnection(
  ports: ProviderPorts,
  idempotency: Idempotency = 'named',
): { readonly connection: ScriptedConnection; readonly control: Control } {
  const cloud = new ScriptedCloud(ports.clock);
  return {
    connection: new ScriptedConnection(directTransport(cloud), idempotency, ports, null),
    control: new Control(async (command) => obey(cloud, command)),
  };
}

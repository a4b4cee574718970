import type { ByteScan } from './byteScan.ts';
import { PlainByteScan } from './plainByteScan.ts';
import { WasmByteScan } from './wasmByteScan.ts';

/** With the processor's vector instructions where they are at hand. Each takes up to 9 MB. */
export function createByteScan(): ByteScan {
  return WasmByteScan.create() ?? new PlainByteScan();
}

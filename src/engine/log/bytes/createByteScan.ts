import type { ByteScan } from './byteScan.ts';
import { PlainByteScan } from './plainByteScan.ts';
import { WasmByteScan } from './wasmByteScan.ts';

/** With the processor's vector instructions where they are at hand. Each takes up to 9 MB. */
export function createByteScan(): ByteScan {
  return WasmByteScan.create() ?? new PlainByteScan();
}

/** As many are kept as logs grow at once, mostly. */
const mostUnused = 1;
const unused: ByteScan[] = [];

/** One that nobody uses. It takes 9 MB: who is done gives it back. */
export function takeByteScan(): ByteScan {
  return unused.pop() ?? createByteScan();
}

/** Nothing may be read into its buffers any more. */
export function giveBackByteScan(scan: ByteScan): void {
  if (unused.length < mostUnused) {
    unused.push(scan);
  }
}

import type { Device } from '../accelerators/device.ts';

/** The machine as the supervisor sees it. */
export interface Machine {
  readonly bootId: string;
  /** Its accelerators now. */
  devices(): Promise<readonly Device[]>;
}

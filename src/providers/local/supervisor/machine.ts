import type { Discovery } from '../accelerators/discovery.ts';

/** The machine as the supervisor sees it. */
export interface Machine {
  readonly bootId: string;
  accelerators(): Promise<Discovery>;
}

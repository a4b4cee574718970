/** The project whose APIs are emulated. */
export interface Project {
  readonly id: string;
  readonly number: string;
  readonly name: string;
  readonly regions: readonly string[];
}

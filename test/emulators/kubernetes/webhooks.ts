import { ApiError } from './api/status.ts';
import { type ResourceType, qualified } from './objects/resources.ts';

export interface Refusal {
  readonly webhook: string;
  readonly message: string;
  /** 400 where the webhook says none, as a real server has it. */
  readonly code?: number;
  readonly reason?: string;
  /** `jobs.batch`; every kind where it is not given. */
  readonly resource?: string;
}

/** Admission webhooks that refuse on command. */
export class Webhooks {
  #refusal: Refusal | null = null;

  refuse(refusal: Refusal | null): void {
    this.#refusal = refusal;
  }

  /** Throws where the object is refused. */
  review(type: ResourceType): void {
    const refusal = this.#refusal;
    if (refusal === null || (refusal.resource !== undefined && refusal.resource !== qualified(type))) {
      return;
    }
    throw new ApiError(
      refusal.code ?? 400,
      refusal.reason ?? '',
      `admission webhook "${refusal.webhook}" denied the request: ${refusal.message}`,
    );
  }
}

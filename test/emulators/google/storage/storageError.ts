/** How Cloud Storage's JSON API refuses. */
export class StorageError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  get body(): object {
    const { status: code, message, reason } = this;
    return { error: { code, message, errors: [{ message, domain: 'global', reason }] } };
  }
}

export function preconditionFailed(): StorageError {
  return new StorageError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
}

import type { Judgement } from './judgement.ts';

const existing: ReadonlySet<string> = new Set([
  'AlreadyExists',
  'BlobAlreadyExists',
  'ContainerAlreadyExists',
  'ResourceAlreadyExists',
  'ResourceExists',
]);

/** Whether a 409 or 412 says no more than that there is something under that name, and that it was to be new. */
export function saysItExists(codes: readonly string[], text: string): boolean {
  return codes.some((code) => existing.has(code)) || /\balready exists?\b/iu.test(text);
}

/** What a 409 or 412 means. Those that are no matter of names are told in Azure's own words. */
export function judgeConflict(codes: readonly string[], text: string): Judgement {
  const tag = 'conflict';
  const has = (pattern: RegExp): boolean => codes.some((code) => pattern.test(code));
  if (saysItExists(codes, text)) {
    return { tag, message: 'Something else is there under that name.' };
  }
  if (has(/^ScopeLocked$/u)) {
    return {
      tag,
      message: 'A lock on the resource forbids this.',
      remedy: 'Have whoever set it take it off, in the Azure portal under Locks.',
    };
  }
  if (has(/BeingDeleted$|BeingDisabled$|^ResourceGroupDeleted$/u)) {
    return { tag, message: 'It is being deleted just now.', remedy: 'Wait some minutes, then try again.' };
  }
  if (has(/^Lease|LeaseId|^BlobImmutable/u)) {
    return {
      tag,
      message: 'Something else holds on to it in storage: a lease, or a policy that keeps it as it is.',
      remedy: 'End the lease or the policy in the Azure portal.',
    };
  }
  if (
    has(
      /OperationInProgress|^OperationNotAllowed$|^ConcurrentUpdate|^EtagMismatch|^ConditionNotMet|^PreconditionFailed/iu,
    )
  ) {
    return { tag, message: 'It was changed by somebody else at the same time.', remedy: 'Try again.' };
  }
  const [words = ''] = text.split('\n');
  return { tag, message: `Azure cannot do that as things are: ${words}` };
}

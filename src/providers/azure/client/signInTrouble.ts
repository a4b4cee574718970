/** How Node names what is wrong with a network. */
const networkCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EPIPE',
]);

/** Words of Node, of `az` (which is Python), of Microsoft's library, which drops the cause, and of services that are down. */
const words =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|getaddrinfo|name resolution|NameResolutionError|name or service not known|max retries exceeded|connection (?:refused|reset|aborted|timed out)|network (?:is )?unreachable|\bnetwork_error\b|\bendpoints_resolution_error\b|\btimed out\b|\btime-?out\b|\baborted\b|temporarily[ _]unavailable|service[ _]unavailable|\b(?:status(?: ?code)?|HTTP)\W{0,3}5\d\d\b/iu;

/**
 * Refusals of Microsoft Entra that are none: it is overloaded, or a part of it is down.
 * https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
 */
const passingRefusals: ReadonlySet<string> = new Set(['90012', '90024', '90033']);

/** Whether a sign-in failed for what passes by itself, so that signing in anew would not help. */
export function isPassing(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth += 1) {
    const refusal = /AADSTS(\d+)/u.exec(each.message)?.[1];
    if (refusal !== undefined) {
      return passingRefusals.has(refusal);
    }
    const code = 'code' in each && typeof each.code === 'string' ? each.code : '';
    if (
      each.name === 'AbortError' ||
      each.name === 'TimeoutError' ||
      networkCodes.has(code) ||
      words.test(each.message)
    ) {
      return true;
    }
  }
  return false;
}

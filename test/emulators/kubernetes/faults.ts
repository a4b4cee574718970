import { FaultPlan as Plan, type PlannedFault } from '../wire/faults.ts';
import type { RequestInfo } from './api/requestInfo.ts';
import type { ApiError } from './api/status.ts';

/** Which requests something befalls; what is left out does not matter. */
export interface RequestMatch {
  readonly verb?: RequestInfo['verb'] | readonly RequestInfo['verb'][];
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly path?: RegExp;
  readonly where?: (info: RequestInfo) => boolean;
}

export type Fault = PlannedFault<RequestMatch, ApiError>;

export class FaultPlan extends Plan<RequestInfo, RequestMatch, ApiError> {
  constructor() {
    super(isMatch);
  }
}

function isMatch(match: RequestMatch, info: RequestInfo): boolean {
  const verbs = match.verb === undefined ? undefined : [match.verb].flat();
  return (
    (verbs === undefined || verbs.includes(info.verb)) &&
    (match.resource === undefined || match.resource === info.resource) &&
    (match.subresource === undefined
      ? match.resource === undefined || info.subresource === ''
      : match.subresource === info.subresource) &&
    (match.namespace === undefined || match.namespace === info.namespace) &&
    (match.name === undefined || match.name === info.name) &&
    (match.path === undefined || match.path.test(info.path)) &&
    (match.where === undefined || match.where(info))
  );
}

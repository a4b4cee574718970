import { FaultPlan as Plan, type PlannedFault } from '../wire/faults.ts';
import type { GoogleApiError } from './apiError.ts';

/** The APIs that are emulated, by the first word of their host. */
export type ApiName =
  | 'aiplatform'
  | 'logging'
  | 'storage'
  | 'oauth2'
  | 'cloudresourcemanager'
  | 'cloudquotas'
  | 'cloudbilling';

export interface RequestInfo {
  readonly api: ApiName;
  /** The method's name in the API: `CreateCustomJob`, `TailLogEntries`, `objects.insert`. */
  readonly method: string;
  /** Of Vertex AI; else empty. */
  readonly region: string;
  /** What is asked about: a job's name, `bucket/object`; else empty. */
  readonly resource: string;
  readonly at: number;
}

/** Which requests something befalls; what is left out does not matter. */
export interface RequestMatch {
  readonly api?: ApiName;
  readonly method?: string | readonly string[];
  readonly region?: string;
  readonly resource?: RegExp;
}

export type Fault = PlannedFault<RequestMatch, GoogleApiError>;

export class FaultPlan extends Plan<RequestInfo, RequestMatch, GoogleApiError> {
  constructor() {
    super(isMatch);
  }
}

function isMatch(match: RequestMatch, info: RequestInfo): boolean {
  const methods = match.method === undefined ? undefined : [match.method].flat();
  return (
    (match.api === undefined || match.api === info.api) &&
    (methods === undefined || methods.includes(info.method)) &&
    (match.region === undefined || match.region === info.region) &&
    (match.resource === undefined || match.resource.test(info.resource))
  );
}

import { FaultPlan as Plan } from '../wire/faults.ts';
import type { ArmError } from './armError.ts';

/** A request as it arrived. */
export interface RequestInfo {
  readonly method: string;
  /** Without the query, as it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly at: number;
}

/** Which requests something befalls; what is left out does not matter. */
export interface RequestMatch {
  readonly method?: string | readonly string[];
  readonly path?: RegExp;
  readonly where?: (info: RequestInfo) => boolean;
}

export class FaultPlan extends Plan<RequestInfo, RequestMatch, ArmError> {
  constructor() {
    super(isMatch);
  }
}

function isMatch({ method, path, where }: RequestMatch, info: RequestInfo): boolean {
  return (
    (method === undefined || [method].flat().includes(info.method)) &&
    (path === undefined || path.test(info.path)) &&
    (where === undefined || where(info))
  );
}

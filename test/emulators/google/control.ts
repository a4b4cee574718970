import { RequestControl } from '../wire/requestControl.ts';
import type { GoogleApiError } from './apiError.ts';
import type { FaultPlan, RequestInfo, RequestMatch } from './faults.ts';
import type { GrpcServer } from './grpc/grpcServer.ts';
import type { Sku } from './http/projectApi.ts';
import type { HttpServer } from './http/httpServer.ts';
import type { SignInState } from './http/signInApi.ts';
import type { LogStore } from './logging/logStore.ts';
import type { LoggingService } from './logging/loggingService.ts';
import type { Buckets } from './storage/buckets.ts';
import type { CloudClock } from './time.ts';
import type { Tokens } from './tokens.ts';
import type { StoredJob, VertexJobs } from './vertex/vertexJobs.ts';

interface ControlParts {
  readonly faults: FaultPlan;
  readonly grpc: GrpcServer;
  readonly http: HttpServer;
  readonly jobs: VertexJobs;
  readonly logs: LogStore;
  readonly logging: LoggingService;
  readonly buckets: Buckets;
  readonly tokens: Tokens;
  readonly signIn: SignInState;
  readonly clock: CloudClock;
  /** What nobody may, by service or permission, with the words in which it is refused. */
  readonly refusals: Map<string, GoogleApiError>;
}

/** What a test can make Google Cloud do. */
export class Control extends RequestControl<RequestInfo, RequestMatch, GoogleApiError> {
  readonly #parts: ControlParts;
  skus: readonly Sku[] = [];

  constructor(parts: ControlParts) {
    super(parts.faults);
    this.#parts = parts;
  }

  // What happens to requests.

  /** Cuts every open connection. */
  cutConnections(): void {
    this.#parts.grpc.cutAll();
    this.#parts.http.cutAll();
  }

  /** Sets how far the cloud's clocks are ahead of this machine's, in ms. */
  skewClock(ms: number): void {
    this.#parts.clock.skewMs = ms;
  }

  // Signing in and rights.

  get tokens(): Tokens {
    return this.#parts.tokens;
  }

  /** Whoever signs in from now on is refused, until this is called with false. */
  refuseSignIn(isRefused = true): void {
    this.#parts.signIn.subjectToken = isRefused ? 'another' : 'subject-token';
  }

  /** Every request to that API, or every call of that method, is refused so; null allows it again. */
  refuse(apiOrMethod: string, error: GoogleApiError | null): void {
    if (error === null) {
      this.#parts.refusals.delete(apiOrMethod);
    } else {
      this.#parts.refusals.set(apiOrMethod, error);
    }
  }

  // Jobs, capacity and quota.

  get jobs(): VertexJobs {
    return this.#parts.jobs;
  }

  /** By the numeric id, or undefined. */
  job(id: string): StoredJob | undefined {
    return this.#parts.jobs.all().find(({ job }) => job.name.endsWith(`/${id}`));
  }

  /** New jobs stay queued until the returned function is called. */
  holdQueue(): () => void {
    this.#parts.jobs.hold(true);
    return () => this.#parts.jobs.hold(false);
  }

  // Logs and storage.

  get logs(): LogStore {
    return this.#parts.logs;
  }

  get logging(): LoggingService {
    return this.#parts.logging;
  }

  get buckets(): Buckets {
    return this.#parts.buckets;
  }
}

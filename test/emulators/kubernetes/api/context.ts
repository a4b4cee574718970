import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClusterClock } from '../clock.ts';
import type { ResourceType } from '../objects/resources.ts';
import type { Store } from '../objects/store.ts';
import type { Timing } from '../timing.ts';
import type { Registry } from './registry.ts';
import type { RequestInfo } from './requestInfo.ts';
import type { User, Users } from './users.ts';
import type { Watches } from './watch.ts';

/** All that answering a request needs. */
export interface ApiContext {
  readonly store: Store;
  readonly clock: ClusterClock;
  readonly timing: Timing;
  readonly registry: Registry;
  readonly users: Users;
  readonly watches: Watches;
  /** What is served; grows when a CustomResourceDefinition comes. */
  readonly types: ResourceType[];
  readonly nodeApi: NodeApi;
  readonly serverVersion: string;
}

/** What the API server asks the kubelets for. */
export interface NodeApi {
  log(request: ApiRequest, response: ServerResponse): Promise<void>;
  exec(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void>;
  portForward(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void>;
}

export interface ApiRequest {
  readonly info: RequestInfo;
  readonly user: User;
  readonly incoming: IncomingMessage;
  readonly body: Buffer;
}

export interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly warnings?: readonly string[];
}

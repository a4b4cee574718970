import { request } from 'node:https';
import type { StartedCluster } from '../../../emulators/kubernetes/startCluster.ts';

export interface RawOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The token of `admin` where it is not given; null: none. */
  readonly token?: string | null;
}

export interface RawAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The connection died before the answer was over. */
  readonly isCut: boolean;
}

/** A request without any client library in between. */
export async function rawRequest(
  { url, caCert, token }: StartedCluster,
  path: string,
  options: RawOptions = {},
): Promise<RawAnswer> {
  const bearer = options.token === undefined ? token : options.token;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, url),
      {
        method: options.method ?? 'GET',
        ca: caCert,
        agent: false,
        headers: {
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (response) => {
        const code = response.statusCode ?? 0;
        let received = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          received += chunk;
        });
        response.on('close', () =>
          resolve({ code, headers: response.headers, text: received, isCut: !response.complete }),
        );
        response.on('error', () => undefined);
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** The parsed body of a raw request. */
export async function rawJson(
  cluster: StartedCluster,
  path: string,
  options: RawOptions = {},
): Promise<Record<string, unknown>> {
  return JSON.parse((await rawRequest(cluster, path, options)).text) as Record<string, unknown>;
}

export interface RawWatch {
  /** The next event, parsed; undefined at the end. */
  next(): Promise<WatchEvent | undefined>;
  /** Resolves when the stream is over; true where it ended well. */
  readonly ended: Promise<boolean>;
  close(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion: string;
      readonly annotations?: Record<string, string>;
    };
  };
}

export async function rawWatch({ url, caCert, token }: StartedCluster, path: string): Promise<RawWatch> {
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, url),
      { ca: caCert, agent: false, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        const events: WatchEvent[] = [];
        const waiting: ((event: WatchEvent | undefined) => void)[] = [];
        let rest = '';
        let isOver = false;
        const hand = (event: WatchEvent | undefined): void => {
          const first = waiting.shift();
          if (first !== undefined) {
            first(event);
          } else if (event !== undefined) {
            events.push(event);
          }
        };
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          lines.forEach((line) => hand(JSON.parse(line) as WatchEvent));
        });
        response.on('error', () => undefined);
        const ended = new Promise<boolean>((over) => {
          response.on('close', () => {
            isOver = true;
            over(response.complete);
            while (waiting.length > 0) {
              hand(undefined);
            }
          });
        });
        resolve({
          next: async () =>
            new Promise((give) => {
              const first = events.shift();
              if (first !== undefined || isOver) {
                give(first);
              } else {
                waiting.push(give);
              }
            }),
          ended,
          close: () => sent.destroy(),
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

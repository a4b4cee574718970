import type { RequestInfo } from './faults.ts';
import type { Person } from './identity/tokens.ts';
import type { Workspace, World } from './world.ts';

export interface Reply {
  readonly code: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly world: World;
  readonly info: RequestInfo;
  readonly person: Person;
  /** Parsed JSON; undefined where there was none. */
  readonly body: unknown;
  /** What stands in the path for `{name}`. */
  readonly param: (name: string) => string;
  /** The one that the path names. */
  readonly workspace: Workspace;
}

export interface Route {
  readonly method: string;
  readonly pattern: RegExp;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

export const workspacePath =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}';

/** `{name}` in the path stands for one part of it; letters may be large or small, as everywhere in Azure. */
export function route(method: string, path: string, handle: Route['handle']): Route {
  const pattern = path
    .split('/')
    .map((part) =>
      part.startsWith('{') ? `(?<${part.slice(1, -1)}>[^/]+)` : part.replaceAll(/[.*+?^$()[\]\\|]/gu, String.raw`\$&`),
    )
    .join('/');
  return { method, pattern: new RegExp(`^${pattern}/?$`, 'iu'), handle };
}

/** A page of a list, with the way to the next where there is more. */
export function page(call: Call, items: readonly unknown[], size: number): Reply {
  const { query, path } = call.info;
  const skip = Number(query.get('$skip') ?? query.get('$skipToken') ?? 0) || 0;
  const value = items.slice(skip, skip + size);
  if (skip + size >= items.length) {
    return { code: 200, body: { value } };
  }
  const next = new URL(path, call.world.url);
  query.forEach((text, name) => {
    if (name !== '$skip') {
      next.searchParams.set(name, text);
    }
  });
  next.searchParams.set('$skip', String(skip + size));
  return { code: 200, body: { value, nextLink: next.href } };
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

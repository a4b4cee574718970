import * as z from 'zod/mini';

import { logPageTabs, type LogPageToHost, type LogToHost } from '../../protocol/logView.ts';
import { parseMetricsMessage } from '../metrics/parseMetricsMessage.ts';

const count = z.int().check(z.nonnegative());
const time = z.nullable(z.number());
const query = z.object({
  text: z.string().check(z.maxLength(10_000)),
  isRegex: z.boolean(),
  matchCase: z.boolean(),
  wholeWord: z.boolean(),
});
const filter = z.object({
  include: z.nullable(query),
  exclude: z.nullable(query),
  context: count.check(z.maximum(1_000)),
  levels: z.nullable(z.array(z.enum(['error', 'warning']))),
  streams: z.nullable(z.array(count)),
  ranks: z.nullable(z.array(count)),
  from: time,
  to: time,
});
const row = z.int();

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('logPainted'), id: count }),
  z.object({ type: z.literal('logRows'), view: count, from: count, count }),
  z.object({ type: z.literal('logFind'), id: count, query: z.nullable(query) }),
  z.object({ type: z.literal('logFindStep'), row, backward: z.boolean() }),
  z.object({
    type: z.literal('logMarkStep'),
    kind: z.enum(['error', 'warning', 'failure']),
    row,
    backward: z.boolean(),
  }),
  z.object({ type: z.literal('logResults'), id: count, from: count, count }),
  z.object({ type: z.literal('logGoTo'), line: count }),
  z.object({ type: z.literal('logRestore'), line: count }),
  z.object({ type: z.literal('logFilter'), filter: z.nullable(filter) }),
  z.object({ type: z.literal('logWhole'), line: row, stream: row }),
  z.object({ type: z.literal('logCopy'), from: count, to: count, numbers: z.boolean() }),
  z.object({ type: z.literal('logOpenFile'), path: z.string(), line: count }),
  z.object({ type: z.literal('logOpenLink'), url: z.string().check(z.maxLength(10_000)) }),
  z.object({ type: z.literal('logExport'), what: z.enum(['log', 'view']) }),
  z.object({ type: z.literal('logAsDocument') }),
]);

/** A message from a log viewer, or undefined when it is none. */
export function parseLogMessage(unknown: unknown): LogToHost | undefined {
  const parsed = z.safeParse(message, unknown);
  return parsed.success ? parsed.data : undefined;
}

const pageMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('tab'), tab: z.enum(logPageTabs) }),
]);

/** A message from the page of a log file, or undefined when it is none. */
export function parseLogPageMessage(unknown: unknown): LogPageToHost | undefined {
  const parsed = z.safeParse(pageMessage, unknown);
  return parsed.success ? parsed.data : (parseLogMessage(unknown) ?? parseMetricsMessage(unknown));
}

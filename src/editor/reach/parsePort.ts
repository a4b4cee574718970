/** The number of a TCP port from what a person typed; undefined when it is none. */
export function parsePort(typed: string): number | undefined {
  const port = /^\s*:?(\d{1,5})\s*$/u.exec(typed)?.[1];
  return port === undefined || Number(port) < 1 || Number(port) > 65_535 ? undefined : Number(port);
}

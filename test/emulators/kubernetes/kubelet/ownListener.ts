import { readdir, readFile, readlink } from 'node:fs/promises';

/** True when this very process listens at that port of 127.0.0.1: a test does, and no pod. */
export async function listensHere(port: number): Promise<boolean> {
  const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
  const listeners = lines.flatMap((line) => {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/u);
    return local === wanted && state === listening && inode !== undefined ? [`socket:[${inode}]`] : [];
  });
  const open = await Promise.all(
    (await readdir('/proc/self/fd')).map(async (fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  const sockets = new Set(listeners);
  return open.some((target) => sockets.has(target));
}

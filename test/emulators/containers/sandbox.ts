import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Mount {
  /** On this machine. */
  readonly source: string;
  readonly isFile: boolean;
  readonly mount: { readonly mountPath: string; readonly readOnly?: boolean };
}

export interface Sandbox {
  /** A folder on this machine for the container's own files. */
  readonly root: string;
  readonly hostname: string;
  readonly hostsFile: string;
  readonly mounts: readonly Mount[];
  readonly workingDir: string;
  /** Ids that the command runs with; null: root's. */
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] } | null;
}

/** Programs and libraries are this machine's, read-only. */
const shared = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr', '/etc', '/opt'];
const own = ['/dev/pts', '/dev/shm', '/proc', '/root', '/run', '/var/tmp', '/tmp'];
const devices = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx'];
const links = { fd: 'fd', stdin: 'fd/0', stdout: 'fd/1', stderr: 'fd/2' };

/** Why a container's file system cannot be put together. */
export class SandboxError extends Error {}

/**
 * Puts a container's file system together, as far as that needs no namespace: everything that is not shared is empty and
 * its own, so nothing it writes reaches the machine. Returns a shell script that does the rest in a new mount namespace and
 * then becomes the container's command. It says `started` on descriptor 3, or why it could not start. Throws SandboxError.
 */
export function prepareSandbox(sandbox: Sandbox): string {
  const { root, hostname, hostsFile, mounts, workingDir, user } = sandbox;
  rmSync(root, { recursive: true, force: true });
  own.forEach((path) => mkdirSync(root + path, { recursive: true }));
  ['/tmp', '/var/tmp'].forEach((path) => chmodSync(root + path, 0o1777));
  devices.forEach((name) => writeFileSync(`${root}/dev/${name}`, ''));
  Object.entries(links).forEach(([name, target]) => symlinkSync(`/proc/self/${target}`, `${root}/dev/${name}`));
  const table = [
    ...shared.flatMap((path) => sharedEntry(root, path)),
    ...devices.map((name) => entry(`/dev/${name}`, `${root}/dev/${name}`, 'bind')),
    entry('/dev/pts', `${root}/dev/pts`, 'rbind'),
    entry('tmpfs', `${root}/dev/shm`, 'size=64m,mode=1777', 'tmpfs'),
    entry('proc', `${root}/proc`, 'defaults', 'proc'),
    entry(hostsFile, `${root}/etc/hosts`, 'bind'),
    ...mounts.map((one) => volumeEntry(sandbox, one)),
  ];
  const tablePath = `${root}.fstab`;
  writeFileSync(tablePath, `${table.join('\n')}\n`);
  makeTarget(sandbox, workingDir, false);
  return [
    // What goes wrong here is the runtime's to tell, not the container's to print.
    'exec >&4 2>&3',
    'set -e',
    `mount --all --fstab ${quoted(tablePath)}`,
    `hostname ${quoted(hostname)}`,
    `exec chroot ${quoted(root)} /bin/sh -c ${quoted(innerScript(workingDir, user))} sh "$@"`,
  ].join('\n');
}

/** Runs inside: tells a command that is not there from one that fails. */
function innerScript(workingDir: string, user: Sandbox['user']): string {
  const groups = user === null || user.groups.length === 0 ? '--clear-groups' : `--groups ${user.groups.join(',')}`;
  const as = user === null ? '' : `setpriv --reuid ${user.uid} --regid ${user.gid} ${groups} `;
  return [
    `cd ${quoted(workingDir)}`,
    'if ! command -v "$1" >/dev/null 2>&1; then',
    String.raw`  printf 'exec: "%s": executable file not found in $PATH' "$1" >&3; exit 128`,
    'fi',
    'printf started >&3',
    'exec 2>&5 3>&- 4>&- 5>&-',
    `exec ${as}"$@"`,
  ].join('\n');
}

function sharedEntry(root: string, path: string): string[] {
  if (!existsSync(path)) {
    return [];
  }
  if (lstatSync(path).isSymbolicLink()) {
    symlinkSync(readlinkSync(path), root + path);
    return [];
  }
  mkdirSync(root + path);
  return [entry(path, root + path, 'rbind,ro')];
}

function volumeEntry(sandbox: Sandbox, { source, isFile, mount }: Mount): string {
  makeTarget(sandbox, mount.mountPath, isFile);
  return entry(source, sandbox.root + mount.mountPath, mount.readOnly === true ? 'bind,ro' : 'bind');
}

/** Makes what is mounted over, in the volume it lies in where it lies in one: a runtime does the same. */
function makeTarget({ root, mounts }: Sandbox, path: string, isFile: boolean): void {
  const around = mounts
    .filter(({ mount }) => path !== mount.mountPath && path.startsWith(`${mount.mountPath.replace(/\/$/u, '')}/`))
    .toSorted((a, b) => b.mount.mountPath.length - a.mount.mountPath.length)[0];
  const isShared = shared.some((folder) => path === folder || path.startsWith(`${folder}/`));
  if (around === undefined && isShared) {
    if (!existsSync(path)) {
      throw new SandboxError(`mkdirat ${root}${path}: read-only file system`);
    }
    return;
  }
  const target = around === undefined ? root + path : join(around.source, path.slice(around.mount.mountPath.length));
  if (!existsSync(target)) {
    mkdirSync(isFile ? dirname(target) : target, { recursive: true });
    if (isFile) {
      writeFileSync(target, '');
    }
  }
}

/** A line of an fstab. */
function entry(source: string, target: string, options: string, type = 'none'): string {
  const escaped = (text: string): string =>
    text
      .replaceAll('\\', String.raw`\134`)
      .replaceAll(' ', String.raw`\040`)
      .replaceAll('\t', String.raw`\011`);
  return [escaped(source), escaped(target), type, options, '0', '0'].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

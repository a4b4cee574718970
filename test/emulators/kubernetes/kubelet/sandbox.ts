import type { VolumeMount } from '../objects/types.ts';

export interface Mount {
  /** On this machine. */
  readonly source: string;
  readonly isFile: boolean;
  readonly mount: VolumeMount;
}

export interface Sandbox {
  /** An empty folder on this machine where the container's file system is put together. */
  readonly root: string;
  readonly hostname: string;
  readonly hostsFile: string;
  readonly mounts: readonly Mount[];
  readonly workingDir: string;
  /** Ids that the command runs with; null: root's. */
  readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] } | null;
}

/**
 * A shell script that gives a new mount namespace the file system of a container and then becomes its command: programs and
 * libraries are this machine's, read-only; everything else is empty and the container's own, so nothing it writes reaches
 * the machine. Says `started` on descriptor 3, or why it could not start.
 */
export function setupScript({ root, hostname, hostsFile, mounts, workingDir, user }: Sandbox): string {
  const at = (path: string): string => quoted(`${root}${path}`);
  return [
    // What goes wrong here is the runtime's to tell, not the container's to print.
    'exec >&4 2>&3',
    'set -e',
    `mount -t tmpfs -o mode=755 tmpfs ${quoted(root)}`,
    'for d in /bin /sbin /lib /lib32 /lib64 /usr /etc /opt; do',
    `  if [ -L "$d" ]; then ln -s "$(readlink "$d")" ${quoted(root)}"$d"`,
    `  elif [ -d "$d" ]; then mkdir ${quoted(root)}"$d"; mount --rbind "$d" ${quoted(root)}"$d"; mount -o remount,bind,ro ${quoted(root)}"$d"; fi`,
    'done',
    `mkdir ${at('/dev')} ${at('/proc')} ${at('/tmp')} ${at('/root')} ${at('/run')} ${at('/var')} ${at('/var/tmp')}`,
    `chmod 1777 ${at('/tmp')} ${at('/var/tmp')}`,
    `mount -t tmpfs -o mode=755 tmpfs ${at('/dev')}`,
    `for d in null zero full random urandom tty ptmx; do : > ${quoted(root)}/dev/$d; mount --bind /dev/$d ${quoted(root)}/dev/$d; done`,
    `ln -s /proc/self/fd ${at('/dev/fd')}`,
    `for d in stdin:0 stdout:1 stderr:2; do ln -s /proc/self/fd/\${d#*:} ${quoted(root)}/dev/\${d%:*}; done`,
    `mkdir ${at('/dev/pts')} ${at('/dev/shm')}`,
    `mount --rbind /dev/pts ${at('/dev/pts')}`,
    `mount -t tmpfs -o size=64m,mode=1777 tmpfs ${at('/dev/shm')}`,
    `mount -t proc proc ${at('/proc')}`,
    `mount --bind ${quoted(hostsFile)} ${at('/etc/hosts')}`,
    ...mounts.flatMap((mount) => bind(mount, root)),
    `hostname ${quoted(hostname)}`,
    `mkdir -p ${at(workingDir)}`,
    `exec chroot ${quoted(root)} /bin/sh -c ${quoted(innerScript(workingDir, user))} sh "$@"`,
  ].join('\n');
}

/** Runs inside: tells a command that is not there from one that fails. */
function innerScript(workingDir: string, user: Sandbox['user']): string {
  const as =
    user === null
      ? ''
      : `setpriv --reuid ${user.uid} --regid ${user.gid} ${user.groups.length === 0 ? '--clear-groups' : `--groups ${user.groups.join(',')}`} `;
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

function bind({ source, isFile, mount }: Mount, root: string): string[] {
  const target = quoted(`${root}${mount.mountPath}`);
  const parent = quoted(`${root}${mount.mountPath.replace(/\/[^/]*\/?$/u, '')}/`);
  return [
    isFile ? `mkdir -p ${parent} && : > ${target}` : `mkdir -p ${target}`,
    `mount --bind ${quoted(source)} ${target}`,
    ...(mount.readOnly === true ? [`mount -o remount,bind,ro ${target}`] : []),
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

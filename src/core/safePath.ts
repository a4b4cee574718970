/**
 * A path from elsewhere as a path that stays below the folder it is joined to, on every system: relative, `/` between
 * parts, no empty, `.` or `..` part. null when it cannot be one: absolute, with a drive letter, a backslash (a separator on
 * Windows), a NUL, a part of dots and spaces alone (Windows drops those at the end of a name), half a surrogate pair, or
 * nothing but the root itself (`.`). Symbolic links are the business of whoever opens the file.
 */
export function safeRelativePath(path: string): string | null {
  if (path.startsWith('/') || /[\\\0]/u.test(path) || !path.isWellFormed()) {
    return null;
  }
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const relative = parts.join('/');
  return relative === '' || /^[A-Za-z]:/u.test(relative) || parts.some((part) => /^[. ]+$/u.test(part))
    ? null
    : relative;
}

const windowsDevice = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)[ ]*(?:\..*)?$/iu;

/** True when Windows cannot hold a file of that relative path under exactly that name. */
export function isReservedOnWindows(path: string): boolean {
  return path.split('/').some((part) => windowsDevice.test(part) || /[<>:"|?*\u0001-\u001f]|[. ]$/u.test(part));
}

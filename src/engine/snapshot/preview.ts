/** What goes with a job and what does not, as shown before anything is sent. Paths are relative to the folder, with `/`. */
export interface SnapshotPreview {
  /** Absolute. */
  readonly folder: string;
  /** In order of path. */
  readonly files: readonly PreviewFile[];
  /** Sum of the file sizes. */
  readonly bytes: number;
  /** Of these, the bytes of files whose content was not in the last snapshot of this folder. */
  readonly newBytes: number;
  readonly heldBack: readonly HeldBack[];
  readonly skipped: readonly SkippedFolder[];
  /** Files that an ignore rule leaves out one by one, outside the skipped folders. */
  readonly ignoredFiles: number;
  /** Why no snapshot can be made as things are; empty when one can. */
  readonly refused: readonly Refused[];
}

export interface PreviewFile {
  readonly path: string;
  readonly kind: 'file' | 'symlink';
  readonly bytes: number;
}

/** Left out unless the person includes it (`large`, `secret`), or because it cannot go at all (`special`, `name`). */
export interface HeldBack {
  readonly path: string;
  readonly bytes: number;
  readonly kind: 'large' | 'secret' | 'special' | 'name';
  readonly reason: string;
}

export interface SkippedFolder {
  readonly path: string;
  /** `.gitignore:3`, or why it is left out by default. */
  readonly rule: string;
}

export interface Refused {
  readonly path: string;
  readonly reason: string;
}

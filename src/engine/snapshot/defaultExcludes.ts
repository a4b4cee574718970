/** What is left out although no ignore file names it. A `!` rule in an .aloftignore brings it back. */
export interface DefaultExclude {
  /** In the language of .gitignore. */
  readonly pattern: string;
  readonly why: string;
}

/**
 * Only what can surely be made again and what no program reads as source. `build`, `dist`, `data`, `outputs`, `.vscode` and
 * the like are not here: in some projects they are the source, and an ignore file knows better.
 */
export const defaultExcludes: readonly DefaultExclude[] = [
  { pattern: '.git', why: 'version control' },
  { pattern: '.hg/', why: 'version control' },
  { pattern: '.svn/', why: 'version control' },
  { pattern: '.jj/', why: 'version control' },
  { pattern: 'node_modules/', why: 'installed dependencies' },
  { pattern: 'site-packages/', why: 'installed dependencies' },
  { pattern: '__pypackages__/', why: 'installed dependencies' },
  { pattern: '.pixi/', why: 'installed dependencies' },
  { pattern: '.eggs/', why: 'installed dependencies' },
  { pattern: '*.egg-info/', why: 'made when a package is installed' },
  { pattern: '__pycache__/', why: 'compiled Python' },
  { pattern: '*.py[co]', why: 'compiled Python' },
  { pattern: '.mypy_cache/', why: 'cache' },
  { pattern: '.pytest_cache/', why: 'cache' },
  { pattern: '.ruff_cache/', why: 'cache' },
  { pattern: '.pytype/', why: 'cache' },
  { pattern: '.hypothesis/', why: 'cache' },
  { pattern: '.tox/', why: 'test environments' },
  { pattern: '.nox/', why: 'test environments' },
  { pattern: '.ipynb_checkpoints/', why: 'notebook autosaves' },
  { pattern: '.terraform/', why: 'downloaded plug-ins' },
  { pattern: 'wandb/run-*/', why: 'records of earlier runs' },
  { pattern: 'wandb/offline-run-*/', why: 'records of earlier runs' },
  { pattern: 'lightning_logs/', why: 'records of earlier runs' },
  { pattern: 'mlruns/', why: 'records of earlier runs' },
  { pattern: 'events.out.tfevents.*', why: 'records of earlier runs' },
  { pattern: '.DS_Store', why: 'desktop metadata' },
  { pattern: 'Thumbs.db', why: 'desktop metadata' },
  { pattern: '.nfs*', why: 'files deleted while open on a network disk' },
  { pattern: '*.sw[op]', why: 'editor swap file' },
];

/** A folder that holds one of these is left out whatever its name is. */
export const telltales: ReadonlyMap<string, string> = new Map([
  ['pyvenv.cfg', 'virtual environment'],
  ['conda-meta', 'conda environment'],
  ['CACHEDIR.TAG', 'cache'],
]);

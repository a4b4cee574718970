/** What a command on this machine inherits: all but VS Code's own variables, which Slurm would hand on to jobs. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VSCODE_|ELECTRON_)/u.test(name)));
}

import { aliasesInFile, userConfigFile } from './config/configFile.ts';
import { checkTarget } from './target.ts';

/** The hosts that somebody has written down in ~/.ssh/config and what it includes, in order, as far as they can be used. */
export async function listHosts(configFile: string = userConfigFile()): Promise<readonly string[]> {
  return (await aliasesInFile(configFile)).filter((name) => checkTarget(name) === null);
}

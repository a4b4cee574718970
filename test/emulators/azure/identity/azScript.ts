import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `az account get-access-token` is answered with. */
export type AzAnswer = { readonly token: object } | { readonly error: string };

/**
 * Writes a program named `az` into a folder of its own, which a test puts first on the PATH. It knows
 * `account get-access-token` as version 2.60 does, and asks the emulator for the answer. Returns the folder.
 */
export async function writeAzScript(folder: string, url: string, secret: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const path = join(bin, 'az');
  await writeFile(path, script(url, secret));
  await chmod(path, 0o755);
  return bin;
}

function script(url: string, secret: string): string {
  return `#!${process.execPath}
const args = process.argv.slice(2);
const option = (name) => { const at = args.indexOf(name); return at < 0 ? undefined : args[at + 1]; };
if (args[0] !== 'account' || args[1] !== 'get-access-token') {
  process.stderr.write("ERROR: '" + args.join(' ') + "' is misspelled or not recognized by the system.\\n");
  process.exit(2);
}
const asked = { resource: option('--resource') ?? option('--scope'), tenant: option('--tenant') };
fetch(${JSON.stringify(`${url}/az/get-access-token`)}, {
  method: 'POST',
  headers: { 'x-az-secret': ${JSON.stringify(secret)} },
  body: JSON.stringify(asked),
}).then(async (response) => {
  const answer = await response.json();
  if (answer.error !== undefined) {
    process.stderr.write('ERROR: ' + answer.error + '\\n');
    process.exitCode = 1;
  } else {
    process.stdout.write(JSON.stringify(answer.token, null, 2) + '\\n');
  }
}, (error) => {
  process.stderr.write('ERROR: ' + error.message + '\\n');
  process.exitCode = 1;
});
`;
}

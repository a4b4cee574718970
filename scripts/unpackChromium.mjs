// Unpacks the browser that @sparticuz/chromium carries, and the shared libraries for machines that lack them.
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const [folder] = process.argv.slice(2);
const carried = join(folder, 'node_modules', '@sparticuz', 'chromium', 'bin');
const unpacked = join(folder, 'unpacked');
mkdirSync(unpacked, { recursive: true });

async function decompress(from, to) {
  await pipeline(createReadStream(join(carried, from)), createBrotliDecompress(), createWriteStream(to));
}

await decompress('chromium.br', join(unpacked, 'chromium'));
await chmod(join(unpacked, 'chromium'), 0o755);
for (const archive of ['al2023', 'swiftshader', 'fonts']) {
  const tar = join(unpacked, `${archive}.tar`);
  await decompress(`${archive}.tar.br`, tar);
  const { status } = spawnSync('tar', ['-xf', tar, '-C', unpacked], { stdio: 'inherit' });
  if (status !== 0) {
    throw new Error(`${tar} could not be unpacked`);
  }
}

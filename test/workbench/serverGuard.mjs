// Runs a program in its own process group and ends the group when whoever started this is gone, however it died.
import { spawn } from 'node:child_process';

const child = spawn(process.execPath, process.argv.slice(2), { stdio: ['ignore', 'inherit', 'inherit'] });
child.on('exit', (code) => process.exit(code ?? 1));
// The program is told to stop by the same signal to the group; this ends when it has.
process.on('SIGTERM', () => undefined);
process.stdin.resume().on('close', () => process.kill(-process.pid, 'SIGKILL'));

import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

import { createByteScan } from '../bytes/createByteScan.ts';
import { lineWork } from './lineWork.ts';
import { markWork } from './markWork.ts';
import { csvWork, seriesWork } from './metricWork.ts';
import { RestTime } from './restTime.ts';
import { ScanFiles } from './scanFiles.ts';
import { ScanHelp } from './scanHelp.ts';
import { type HelperReports, ScanHelper } from './scanHelper.ts';
import { ScanLead } from './scanLead.ts';
import type { FromHelper, FromScan, ScanGoal, ToHelper, ToScan } from './scanMessages.ts';
import type { ScanWork } from './scanWork.ts';

// The first message says whether this thread leads a scan or helps with one.

/** Where less is left to look at, in bytes, helpers would take longer to begin than to help. */
const worthHelp = 64 * 1024 * 1024;

const bytes = createByteScan();
const { buffers } = bytes;
const rest = new RestTime();

function send(message: FromScan | FromHelper<unknown>, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** How the goal is reached, given to `use`. Throws SyntaxError for a pattern that is none. */
function withWork<Result>(goal: ScanGoal, files: ScanFiles, use: <Found>(work: ScanWork<Found>) => Result): Result {
  switch (goal.kind) {
    case 'marks':
      return use(markWork(files, bytes, send));
    case 'series':
      return use(seriesWork(goal, files, send));
    case 'csv':
      return use(csvWork(goal, files));
    default:
      return use(lineWork(goal, files, bytes, send));
  }
}

/**
 * Nobody waits for marks: whoever reads the log comes first. Elsewhere than on Linux this would be of the whole process and not of
 * this thread alone.
 */
function stepBack({ kind }: ScanGoal): void {
  if (kind === 'marks' && process.platform === 'linux') {
    setPriority(constants.priority.PRIORITY_LOW);
  }
}

type Lead = Pick<ScanLead<unknown>, 'grow' | 'rest'>;
type Help = Pick<ScanHelp<unknown>, 'look' | 'rest'>;

function lead({ goal, files: paths, script, helpers }: Extract<ToScan, { readonly kind: 'begin' }>): Lead {
  stepBack(goal);
  const files = new ScanFiles(paths);
  return withWork<Lead>(goal, files, <Found>(work: ScanWork<Found>) => {
    const call = (reports: HelperReports): ScanHelper<Found> => new ScanHelper(script, goal, files.paths, reports);
    return new ScanLead({
      work,
      buffers,
      files,
      rest,
      send,
      crew: { helpers, worthHelp, call },
    });
  });
}

function help({ goal, files: paths }: Extract<ToHelper, { readonly kind: 'help' }>): Help {
  stepBack(goal);
  const files = new ScanFiles(paths);
  return withWork<Help>(goal, files, (work) => new ScanHelp({ work, buffers, files, rest, send }));
}

let leading: Lead | undefined;
let helping: Help | undefined;

function receive(message: ToScan | ToHelper): void {
  switch (message.kind) {
    case 'begin':
      leading = lead(message);
      break;
    case 'help':
      helping = help(message);
      send({ kind: 'ready' });
      break;
    case 'marks':
      leading?.grow(message);
      break;
    case 'look':
      helping?.look(message);
      break;
    case 'rest':
      leading?.rest(message.ms);
      helping?.rest(message.ms);
      break;
  }
}

parentPort?.on('message', (message: ToScan | ToHelper) => {
  try {
    receive(message);
  } catch (error) {
    send({ kind: 'problem', message: error instanceof Error ? error.message : String(error) });
  }
});

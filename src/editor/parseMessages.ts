import { isRunId, type RunId } from '../core/job.ts';
import { type JobTab, jobTabs, type PanelToHost } from '../protocol/jobPanel.ts';
import type { FormToHost } from '../protocol/submitForm.ts';
import { parseDraft } from './formDraft.ts';
import { parseLogMessage } from './log/parseLogMessage.ts';
import { parseMetricsMessage } from './metrics/parseMetricsMessage.ts';

type Fields = Readonly<Record<string, unknown>>;

function fields(message: unknown): Fields | undefined {
  return typeof message === 'object' && message !== null ? { ...message } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A message from the New Job form, or undefined when it is none. */
export function parseFormMessage(message: unknown): FormToHost | undefined {
  const record = fields(message);
  switch (record?.['type']) {
    case 'ready':
    case 'cancelSubmit':
    case 'reset':
    case 'refreshOffers':
    case 'refreshOptions':
    case 'addProvider':
    case 'resolveBlocked':
      return { type: record['type'] };
    case 'draft':
      return isCount(record['revision'])
        ? { type: 'draft', draft: parseDraft(record['draft']), revision: record['revision'] }
        : undefined;
    case 'submit':
    case 'preview':
      return { type: record['type'], draft: parseDraft(record['draft']) };
    case 'includeFile':
      return typeof record['path'] === 'string' && typeof record['include'] === 'boolean'
        ? { type: 'includeFile', path: record['path'], include: record['include'] }
        : undefined;
    case 'setSecret':
      return typeof record['name'] === 'string' ? { type: 'setSecret', name: record['name'] } : undefined;
    default:
      return undefined;
  }
}

/** A message from a job panel, or undefined when it is none. */
export function parsePanelMessage(message: unknown): PanelToHost | undefined {
  const record = fields(message);
  switch (record?.['type']) {
    case 'ready':
    case 'cancel':
    case 'submitAgain':
    case 'copyRunId':
    case 'copyRequest':
    case 'openShell':
    case 'forwardPort':
    case 'reveal':
    case 'refreshFiles':
      return { type: record['type'] };
    case 'tab': {
      const tab = jobTabs.find((candidate) => candidate === record['tab']);
      return tab === undefined ? undefined : { type: 'tab', tab };
    }
    case 'download': {
      const paths: readonly unknown[] = Array.isArray(record['paths']) ? record['paths'] : [];
      return { type: 'download', paths: paths.filter((path) => typeof path === 'string') };
    }
    case 'openForward':
    case 'copyForward':
    case 'stopForward':
      return typeof record['id'] === 'string' ? { type: record['type'], id: record['id'] } : undefined;
    case 'openFile':
      return typeof record['path'] === 'string' ? { type: 'openFile', path: record['path'] } : undefined;
    default:
      return parseLogMessage(message) ?? parseMetricsMessage(message);
  }
}

/** What a panel remembers over a reload; undefined when it is damaged. */
export function parsePanelState(state: unknown): { readonly runId: RunId; readonly tab: JobTab } | undefined {
  const record = fields(state);
  const tab = jobTabs.find((candidate) => candidate === record?.['tab']) ?? 'log';
  const runId = record?.['runId'];
  return isRunId(runId) ? { runId, tab } : undefined;
}

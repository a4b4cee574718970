import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ConnectionId, SnapshotId } from '../../../src/core/job.ts';
import type { DryRun, Plan, Snapshot } from '../../../src/core/provider.ts';
import { type DryRunState, previewText as textOf } from '../../../src/editor/previewDocument.ts';
import type { SnapshotPreview } from '../../../src/engine/snapshot/preview.ts';
import { preview } from '../../fixtures/editor/formEngine.ts';

const snapshot: Snapshot = { id: 'a'.repeat(64) as SnapshotId, files: 1, bytes: 12, pieces: [], piecePath: () => '' };

const plan = (fields: Partial<Plan> = {}): Plan => ({
  request: {},
  text: '{ "run": 1 }',
  language: 'json',
  warnings: [],
  ...fields,
});

const answered = (fields: Partial<DryRun> = {}): DryRunState => ({
  kind: 'answered',
  at: 0,
  answer: { accepted: true, explanation: 'it fits', expectedStartAt: null, raw: '', ...fields },
});

const previewText = (files: SnapshotPreview, request: Plan | null, dryRun: DryRunState | null = null): string =>
  textOf({
    files,
    planned: request === null ? null : { connectionId: 'lab' as ConnectionId, plan: request, secrets: [], snapshot },
    dryRun,
    place: 'lab-slurm',
  });

describe('previewText', () => {
  it('says what goes in one file and in many', () => {
    expect(previewText(preview(), null)).toBe(
      '// 1 file, 12 B, will be sent from /home/ada/lab\n\n// Files\n//        12 B  train.py\n',
    );
    const file = { kind: 'file', bytes: 6 } as const;
    const two = preview({
      files: [
        { path: 'a', ...file },
        { path: 'b', ...file },
      ],
    });
    expect(previewText(two, null)).toContain('// 2 files, 12 B, will be sent');
  });

  it('ends with the native request as it is, under its notes', () => {
    const text = previewText(preview(), plan({ text: 'a: 1', language: 'yaml', warnings: ['no spot here'] }));
    expect(text.endsWith('# Request, exactly as it will be sent\n#   no spot here\n\na: 1\n')).toBe(true);
  });

  it('names what stays behind, and why', () => {
    const text = previewText(
      preview({
        heldBack: [{ path: '.env', bytes: 40, kind: 'secret', reason: 'looks like secrets' }],
        skipped: [{ path: 'node_modules', rule: 'left out by default' }],
        ignoredFiles: 3,
        refused: [{ path: 'link', reason: 'leads outside the folder' }],
      }),
      null,
    );
    expect(text).toContain('.env: looks like secrets');
    expect(text).toContain('node_modules: left out by default');
    expect(text).toContain('files that ignore rules name one by one: 3');
    expect(text).toContain('// Nothing can be sent as things are\n//   link: leads outside the folder');
  });

  it('says whether the backend would take it, when it would start, and in which words', () => {
    const text = previewText(
      preview(),
      plan(),
      answered({ expectedStartAt: 3_600_000, raw: 'sbatch: Job 7 to start at\n\nsoon\n' }),
    );
    expect(text).toContain('// Would lab-slurm take it?\n//   Yes: it fits.\n//   Expected to start about ');
    expect(text).toContain('//   | sbatch: Job 7 to start at\n//   | soon\n');
    expect(text.indexOf('Would lab-slurm')).toBeLessThan(text.indexOf('// Files'));
    const no = answered({ accepted: false, explanation: 'the partition is closed' });
    expect(previewText(preview(), plan(), no)).toContain('//   No: the partition is closed.');
  });

  it('puts a long answer below the request', () => {
    const raw = Array.from({ length: 40 }, (_, line) => `word ${line}`).join('\n');
    const text = previewText(preview(), plan({ text: 'a: 1\n', language: 'yaml' }), answered({ raw }));
    expect(text).toContain('#   Yes: it fits.\n#   Its whole answer is at the end.\n\n# Files');
    expect(text).toContain('\na: 1\n\n# What lab-slurm answered, word for word\n#   | word 0\n');
    expect(text.endsWith('#   | word 39\n')).toBe(true);
  });

  it('says that it is being asked, was not asked to the end, or could not be', () => {
    expect(previewText(preview(), plan(), { kind: 'asking' })).toContain('//   Asking lab-slurm…');
    expect(previewText(preview(), plan(), { kind: 'cancelled' })).toContain('Press Preview to ask again.');
    const failed = previewText(preview(), plan(), { kind: 'failed', message: 'No route.', raw: 'EHOSTUNREACH' });
    expect(failed).toContain('//   It could not be asked. No route.\n//   | EHOSTUNREACH\n');
  });

  it.each(['json', 'yaml', 'shellscript'] as const)('keeps every hostile name inside its %s comment', (language) => {
    const mark = language === 'json' ? '//' : '#';
    const unit = fc.constantFrom(
      'a',
      '/',
      '#',
      '*',
      '\n',
      '\r',
      '\0',
      '\u0085',
      '\u2028',
      '\u2029',
      '\u202e',
      '\u2066',
      '😀',
    );
    const hostile = fc.string({ unit });
    fc.assert(
      fc.property(hostile, hostile, fc.boolean(), (path, reason, isAnswered) => {
        const text = previewText(
          preview({
            folder: reason,
            files: [{ path, kind: 'file', bytes: 1 }],
            heldBack: [{ path, bytes: 1, kind: 'name', reason }],
            skipped: [{ path, rule: reason }],
            refused: [{ path, reason }],
          }),
          plan({ language, text: 'REQUEST', warnings: [path] }),
          isAnswered ? answered({ explanation: path, raw: reason }) : { kind: 'failed', message: path, raw: reason },
        );
        const lines = text.split(/[\n\r\u0085\u2028\u2029]/u).filter((line) => line !== '');
        expect(lines.filter((line) => !line.startsWith(mark))).toEqual(['REQUEST']);
        expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { streamText } from '../../../../../src/core/logChunk.ts';
import { parseLogEntry } from '../../../../../src/providers/google/logs/logEntry.ts';

const entry = {
  insertId: 'abc',
  timestamp: { seconds: '1790000000', nanos: 5 },
  receiveTimestamp: { seconds: '1790000007', nanos: 0 },
  severity: 'INFO',
  textPayload: 'hello',
  resource: { labels: { job_id: '42', task_name: 'workerpool0-0' } },
};

const textOf = (raw: unknown): string => new TextDecoder().decode(parseLogEntry(raw)?.bytes);
const struct = (fields: object): object => ({ ...entry, textPayload: undefined, jsonPayload: { fields } });

describe('the text of an entry', () => {
  it('is a line, whether its line feed was sent or not', () => {
    expect(textOf(entry)).toBe('hello\n');
    expect(textOf({ ...entry, textPayload: 'hello\n' })).toBe('hello\n');
    expect(textOf({ ...entry, textPayload: '' })).toBe('\n');
  });

  it('is what was printed, where a payload has it with other things', () => {
    expect(textOf(struct({ levelname: { stringValue: 'INFO' }, message: { stringValue: 'printed' } }))).toBe(
      'printed\n',
    );
  });

  it('is the whole of what was printed as JSON', () => {
    const fields = {
      loss: { numberValue: 0.5 },
      isLast: { boolValue: false },
      none: { nullValue: 'NULL_VALUE' },
      steps: { listValue: { values: [{ numberValue: 1 }, { stringValue: 'two' }] } },
      inner: { structValue: { fields: { a: { stringValue: 'b' } } } },
    };
    expect(JSON.parse(textOf(struct(fields)))).toEqual({
      loss: 0.5,
      isLast: false,
      none: null,
      steps: [1, 'two'],
      inner: { a: 'b' },
    });
  });

  it('goes on in the next entry where it was split', () => {
    const part = (index: number): object => ({ ...entry, split: { uid: 'x', index, totalSplits: 3 } });
    expect([0, 1, 2].map((index) => textOf(part(index)))).toEqual(['hello', 'hello', 'hello\n']);
  });
});

describe('the stream of an entry', () => {
  const streamOf = (more: object): string => {
    const parsed = parseLogEntry({ ...entry, ...more });
    return parsed === null ? 'none' : streamText(parsed.stream);
  };
  const from = (task_name: string): object => ({ resource: { labels: { job_id: '42', task_name } } });

  it.each([
    [{ severity: 'INFO' }, 'stdout'],
    [{ severity: 'WARNING' }, 'stdout'],
    [{ severity: 'ERROR' }, 'stderr'],
    [{ severity: 500 }, 'stderr'],
    [{ severity: undefined }, 'stdout'],
    [from('workerpool1-0'), 'stdout.n1'],
    [from('workerpool1-6'), 'stdout.n7'],
    [from('service'), 'service'],
    [{ resource: { labels: { job_id: '42' } } }, 'service'],
    [{ labels: { 'ml.googleapis.com/tpu_worker_id': '3' } }, 'stdout.n3'],
    [{ labels: { 'ml.googleapis.com/tpu_worker_id': '' } }, 'stdout'],
  ])('of %j is %s', (more, stream) => {
    expect(streamOf(more)).toBe(stream);
  });
});

describe('the times of an entry', () => {
  it('are kept exactly', () => {
    expect(parseLogEntry(entry)).toMatchObject({ nanos: 1_790_000_000_000_000_005n, receivedSecond: 1_790_000_007 });
  });

  it('of one that does not say when it was received are the same', () => {
    expect(parseLogEntry({ ...entry, receiveTimestamp: null })).toMatchObject({ receivedSecond: 1_790_000_000 });
  });
});

it.each([null, 7, {}, { ...entry, resource: { labels: {} } }, { ...entry, timestamp: null }])(
  'takes %j for no entry of a job',
  (raw) => {
    expect(parseLogEntry(raw)).toBeNull();
  },
);

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accelerators, localAcceleratorName, parseAccelerator } from '../../../src/core/accelerator.ts';
import { parseJobSpec, specToInput, type JobSpec } from '../../../src/core/jobSpec.ts';

const GiB = 1024 ** 3;
const hour = 3_600_000;

function specOf(input: unknown): JobSpec {
  const parsed = parseJobSpec(input);
  expect(parsed).toMatchObject({ ok: true });
  return parsed.ok ? parsed.spec : expect.fail('it was refused');
}

/** The problems as `path: message` lines. */
function problemsOf(input: unknown): readonly string[] {
  const parsed = parseJobSpec(input);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}

const withField = (path: string, value: unknown): Record<string, unknown> => {
  const [outer = '', inner] = path.split('.');
  return { command: 'true', [outer]: inner === undefined ? value : { [inner]: value } };
};

describe('parseJobSpec', () => {
  test('fills everything but the command with defaults', () => {
    expect(specOf({ command: 'python train.py' })).toEqual({
      name: 'train.py',
      command: 'python train.py',
      setup: null,
      workingDirectory: '.',
      env: {},
      secrets: [],
      image: null,
      accelerator: null,
      nodes: 1,
      spot: false,
      region: null,
      cpus: null,
      memoryBytes: null,
      diskBytes: null,
      providers: [],
      options: {},
      outputs: [],
      limits: { durationMs: null, waitMs: null, costUsd: null },
    });
  });

  test('reads a job with everything in it', () => {
    const input = {
      name: ' tune 7B ',
      run: 'torchrun train.py',
      setup: 'pip install -r requirements.txt',
      workingDirectory: './src//model/',
      env: { LR: 0.1, DEBUG: true, EMPTY: '', TEXT: 'a\nb' },
      secrets: ['HF_TOKEN'],
      image: 'ghcr.io/lab/train:1',
      accelerator: 'nvidia h100 x 8',
      nodes: 4,
      spot: true,
      region: 'us-central1',
      cpus: 0.5,
      memory: '64GiB',
      disk: '1.5 TB',
      providers: ['slurm', 'google'],
      outputs: ['results/*.json', './checkpoints/'],
      limits: { duration: '12h', wait: '90m', cost: '$400' },
    };
    expect(specOf(input)).toEqual({
      name: 'tune 7B',
      command: 'torchrun train.py',
      setup: 'pip install -r requirements.txt',
      workingDirectory: 'src/model',
      env: { LR: '0.1', DEBUG: 'true', EMPTY: '', TEXT: 'a\nb' },
      secrets: ['HF_TOKEN'],
      image: 'ghcr.io/lab/train:1',
      accelerator: { name: 'H100', count: 8 },
      nodes: 4,
      spot: true,
      region: 'us-central1',
      cpus: 0.5,
      memoryBytes: 64 * GiB,
      diskBytes: 1.5e12,
      providers: ['slurm', 'google'],
      options: {},
      outputs: ['results/*.json', 'checkpoints'],
      limits: { durationMs: 12 * hour, waitMs: 1.5 * hour, costUsd: 400 },
    });
  });

  test.each([
    ['H100', 'H100', 1],
    ['H100 x 8', 'H100', 8],
    ['h100 x8', 'H100', 8],
    ['H100:8', 'H100', 8],
    ['H100 × 8', 'H100', 8],
    ['8xH100', 'H100', 8],
    ['8 x A100 80GB', 'A100-80GB', 8],
    ['MI300X x 4', 'MI300X', 4],
    ['RTX PRO 6000', 'RTX PRO 6000', 1],
    ['tpu7x:4', 'TPU7x', 4],
    [{ name: 'v5e' }, 'TPU v5e', 1],
    [{ name: 'h100', count: 2 }, 'H100', 2],
    [{ name: 'RTX 4090', count: 2 }, 'RTX 4090', 2],
    [{ name: 'NVIDIA GeForce RTX 4090' }, 'RTX 4090', 1],
  ])('accelerator %j is %s x %d', (accelerator, name, count) => {
    expect(specOf({ command: 'true', accelerator }).accelerator).toEqual({ name, count });
  });

  test.each([
    ['workingDirectory', './', { workingDirectory: '.' }],
    ['workingDirectory', '.', { workingDirectory: '.' }],
    ['outputs', '*.pt', { outputs: ['*.pt'] }],
    ['limits.cost', 12.5, { limits: { costUsd: 12.5 } }],
    ['limits.cost', '12.50 USD', { limits: { costUsd: 12.5 } }],
    ['setup', null, { setup: null }],
    ['limits', null, { limits: { durationMs: null } }],
  ])('%s may be %j', (path, value, expected) => {
    expect(specOf(withField(path, value))).toMatchObject(expected);
  });

  test.each([
    ['name', 'two\nlines', /^name: This must be one line/u],
    ['name', 'x'.repeat(101), /^name: This has 101 characters; at most 100/u],
    ['name', 7, /^name: This must be text, not a number\. Put it in quotes/u],
    ['command', '', /^command: This is empty/u],
    ['command', 'echo \0', /^command: This holds a NUL/u],
    ['command', ['python', 'x.py'], /^command: This must be text, not a list/u],
    ['command', 'x'.repeat(100_001), /^command: This has 100001 characters/u],
    ['run', 'true', /^run: This is another word for command/u],
    ['setup', ' ', /^setup: This is empty/u],
    ['workingDirectory', '../x', /^workingDirectory: This must be a folder below/u],
    ['workingDirectory', '/etc', /^workingDirectory: This must be a folder below/u],
    ['workingDirectory', 'C:\\x', /^workingDirectory: This must be a folder below/u],
    ['env', ['A=1'], /^env: This must be a set of names and values, not a list/u],
    ['env.FOO BAR', '1', /^env\.FOO BAR: This is no name for an environment variable/u],
    ['env.1A', '1', /^env\.1A: This is no name/u],
    ['env.ALOFT_RUN_ID', '1', /^env\.ALOFT_RUN_ID: Names that begin with ALOFT_ are kept/u],
    ['env.A', 'x\0', /^env\.A: This holds a NUL/u],
    ['env.A', null, /^env\.A: This has no value/u],
    ['env.A', ['x'], /^env\.A: This must be text, not a list/u],
    ['secrets', ['OK', 'no-name'], /^secrets\[1\]: This is no name/u],
    ['secrets', ['ALOFT_X'], /^secrets\[0\]: Names that begin with ALOFT_/u],
    ['secrets', ['A', 'A'], /^secrets\[1\]: A is in the list twice/u],
    ['image', '--privileged', /^image: This must be one word that does not begin with a dash/u],
    ['image', 'a b', /^image: This must be one word/u],
    ['accelerator', 'h1000 x 8', /^accelerator: No accelerator is called "h1000"\. Did you mean H100/u],
    ['accelerator', 'a100 x 8', /^accelerator: "a100" could be A100-40GB or A100-80GB/u],
    ['accelerator', 'RTX 4090 x 2', /^accelerator: No accelerator is called "RTX 4090".*name: RTX 4090, count: 2/u],
    ['accelerator', 'H100 x 0', /^accelerator: The count must be a whole number from 1 to 1024/u],
    ['accelerator', 'H100:2.5', /^accelerator: The count must be a whole number/u],
    ['accelerator', 8, /^accelerator: This must be an accelerator such as H100 x 8, or its name and count/u],
    ['accelerator', { name: 'a100' }, /^accelerator\.name: "a100" could be A100-40GB or A100-80GB/u],
    ['accelerator', { count: 2 }, /^accelerator\.name: Say which accelerator/u],
    ['accelerator', { name: 'H100', count: 1025 }, /^accelerator\.count: This must be a number from 1 to 1024/u],
    ['accelerator', { name: 'H100', count: '8' }, /^accelerator\.count: .*not text/u],
    ['accelerator', { name: 'H100', number: 2 }, /^accelerator\.number: There is no such field/u],
    ['nodes', 0, /^nodes: This must be a number from 1 to 10000/u],
    ['nodes', 1.5, /^nodes: This must be a whole number/u],
    ['nodes', Number.NaN, /^nodes: This must be a number/u],
    ['spot', 'yes', /^spot: This must be true or false, not text/u],
    ['region', 'us east', /^region: This must be one word/u],
    ['cpus', 0, /^cpus: This must be a number/u],
    ['memory', 64, /^memory: 64 needs a unit: write 64GiB/u],
    ['memory', '64', /^memory: 64 needs a unit/u],
    ['memory', '0B', /^memory: This must be more than zero/u],
    ['disk', 'big', /^disk: "big" is not a size/u],
    ['providers', [''], /^providers\[0\]: This is empty/u],
    ['outputs', ['a', 'b', '../c'], /^outputs\[2\]: This must be a path or pattern below the working folder/u],
    ['outputs', [null], /^outputs\[0\]: This is empty/u],
    ['outputs', { a: 1 }, /^outputs: This must be a list/u],
    ['limits.duration', '12', /^limits\.duration: "12" needs a unit/u],
    ['limits.duration', 12, /^limits\.duration: "12" needs a unit/u],
    ['limits.duration', '0s', /^limits\.duration: This must be more than zero/u],
    ['limits.wait', '1:30', /^limits\.wait: .*could be hours or minutes/u],
    ['limits.cost', -1, /^limits\.cost: This must be a number/u],
    ['limits.cost', '€5', /^limits\.cost: This must be an amount in US dollars/u],
    ['limits.durations', '1h', /^limits\.durations: There is no such field\. Did you mean duration\?/u],
    ['comand', 'true', /^comand: There is no such field\. Did you mean command\?/u],
    ['working_directory', '.', /^working_directory: .*Did you mean workingDirectory\?/u],
    ['gpus', 8, /^gpus: .*Did you mean accelerator\?/u],
    ['timeout', '1h', /^timeout: .*Did you mean limits\.duration\?/u],
    ['colour', 'red', /^colour: There is no such field\. Known are name, command/u],
    ['__proto__x', 1, /^__proto__x: There is no such field/u],
  ])('%s: %j is refused', (path, value, message) => {
    expect(problemsOf(withField(path, value))).toEqual([expect.stringMatching(message)]);
  });

  test('a secret that is set in env as well is refused', () => {
    expect(problemsOf({ command: 'true', env: { TOKEN: 'x' }, secrets: ['TOKEN'] })).toEqual([
      expect.stringMatching(/^secrets\[0\]: TOKEN is set in env as well/u),
    ]);
  });

  test('all problems are reported at once', () => {
    const input = {
      nodes: 0,
      spot: 1,
      env: { 'A B': 1 },
      limits: { wait: 'x', what: 1 },
      outputs: ['/x'],
      extra: true,
    };
    const paths = problemsOf(input).map((line) => line.split(':')[0]);
    expect(new Set(paths)).toEqual(
      new Set(['command', 'env.A B', 'extra', 'limits.wait', 'limits.what', 'nodes', 'outputs[0]', 'spot']),
    );
  });

  test.each([[null], [undefined], ['python train.py'], [42], [[]], [true]])('%j is not a job', (input) => {
    expect(problemsOf(input)[0]).toMatch(/^: (?:A job is a set of fields|This must be a set of names and values)/u);
  });

  test('any input is answered: with a spec that is written and read back, or with problems in whole sentences', () => {
    const keys = fc.constantFrom(...Object.keys(specOf({ command: 'x' })), 'run', 'memory', 'disk', 'x');
    const fieldsOfAnything = fc.dictionary(
      keys,
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
    );
    const nearlyRight = fc.tuple(fieldsOfAnything, fc.string()).map(([fields, command]) => ({ ...fields, command }));
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), fieldsOfAnything, nearlyRight), (input) => {
        const parsed = parseJobSpec(input);
        if (parsed.ok) {
          expect(parseJobSpec(specToInput(parsed.spec))).toEqual(parsed);
        } else {
          expect(parsed.problems.length).toBeGreaterThan(0);
          expect(parsed.problems.every(({ message }) => /^[^\n]+[.?]$/u.test(message))).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const line = (maxLength: number) =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength })
    .map((text) => text.trim().slice(0, maxLength))
    .filter((text) => /^[^\p{Cc}\p{Cs}\u2028\u2029]+$/u.test(text) && text.trim() === text);
const script = fc
  .string({ unit: 'binary' })
  .filter((text) => text.trim() !== '' && !text.includes('\0') && text.isWellFormed());
const variable = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/u).filter((name) => !name.startsWith('ALOFT_'));
const word = fc.stringMatching(/^[a-z0-9][a-z0-9:./@-]{0,20}$/u);
const path = fc
  .array(fc.constantFrom('a', 'b c', '*', '**', '-x', 'é', '{x,y}', '..z'), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
const positive = fc
  .oneof(
    fc.maxSafeNat(),
    fc.integer({ min: 1, max: 5000 }).map((n) => n * 60_000),
  )
  .filter((n) => n > 0);
const dollars = fc.integer({ min: 1, max: 1e9 }).map((cents) => cents / 100);

const acceleratorName = fc.oneof(
  fc.constantFrom(...accelerators.map(({ name }) => name)),
  fc
    .oneof(fc.constantFrom('NVIDIA GeForce RTX 4090', 'NVIDIA A40', 'Card: x 2'), fc.string({ unit: 'binary' }))
    .map(localAcceleratorName)
    .filter((name) => {
      const parsed = parseAccelerator(name);
      return parsed.ok || parsed.reason === 'unknown';
    }),
);

const anySpec: fc.Arbitrary<JobSpec> = fc
  .record({
    name: line(100),
    command: script,
    setup: orNull(script),
    workingDirectory: fc.oneof(fc.constant('.'), path),
    env: fc.dictionary(
      variable,
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed()),
      { noNullPrototype: true },
    ),
    secrets: fc.uniqueArray(variable, { maxLength: 3 }),
    image: orNull(word),
    accelerator: orNull(fc.record({ name: acceleratorName, count: fc.integer({ min: 1, max: 1024 }) })),
    nodes: fc.integer({ min: 1, max: 10_000 }),
    spot: fc.boolean(),
    region: orNull(word),
    cpus: orNull(fc.integer({ min: 1, max: 40_000 }).map((quarters) => quarters / 4)),
    memoryBytes: orNull(positive),
    diskBytes: orNull(positive),
    providers: fc.array(word, { maxLength: 3 }),
    options: fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z0-9]{0,8}$/u), line(30), { noNullPrototype: true }),
    outputs: fc.array(path, { maxLength: 3 }),
    limits: fc.record({
      durationMs: orNull(positive),
      waitMs: fc.oneof(orNull(positive), fc.constant('never' as const)),
      costUsd: orNull(dollars),
    }),
  })
  .map((spec) => ({ ...spec, secrets: spec.secrets.filter((name) => !Object.hasOwn(spec.env, name)) }));

describe('specToInput', () => {
  test('is read back as the same spec, also by way of JSON', () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        const input = specToInput(spec);
        expect(parseJobSpec(input)).toEqual({ ok: true, spec });
        expect(parseJobSpec(JSON.parse(JSON.stringify(input)))).toEqual({ ok: true, spec });
      }),
      { numRuns: 500 },
    );
  });

  test('writes what people would write, and nothing that is at its default', () => {
    const input = {
      name: 'a',
      command: 'b',
      accelerator: 'H100 x 8',
      memory: '64GiB',
      limits: { duration: '1h30m', cost: 400 },
    };
    expect(specToInput(specOf(input))).toEqual(input);
    expect(specToInput(specOf({ name: 'a', command: 'b' }))).toEqual({ name: 'a', command: 'b' });
  });
});

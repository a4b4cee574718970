import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import type { ConnectionId } from '../../../../src/core/job.ts';
import type { Offer } from '../../../../src/core/offer.ts';
import { knowledgeOf, nameDevices } from '../../../../src/providers/slurm/offers/acceleratorNames.ts';
import { jobOptionsOf } from '../../../../src/providers/slurm/offers/jobOptions.ts';
import { offersOf } from '../../../../src/providers/slurm/offers/offersOf.ts';
import { parseGres, parseSite } from '../../../../src/providers/slurm/offers/site.ts';
import { parseSettings } from '../../../../src/providers/slurm/settings.ts';

const text = await readFile(new URL('../../../fixtures/slurm/site-22.05.txt', import.meta.url), 'utf8');
const newer = await readFile(new URL('../../../fixtures/slurm/site-24.11.txt', import.meta.url), 'utf8');
const context = { connectionId: 'slurm' as ConnectionId, asOf: 7 };
const brief = ({ region, accelerator, count, freeNow, likelihood, note }: Offer): string =>
  [region, accelerator ?? 'CPU', count, freeNow, likelihood, note].join(' | ');

describe('offers', () => {
  it('count what could start now: not what is used, drained or down', () => {
    const offers = offersOf({}, parseSite(text), context).map(brief);
    expect(offers).toContain('gpu | CPU | 0 | 2 | now | 12 CPUs free now');
    expect(offers).toContain('gpu | H100 | 1 | 14 | now | 14 free now');
    expect(offers).toContain('gpu | H100 | 4 | 3 | now | 14 free now');
    expect(offers).toContain('gpu | H100 | 8 | 1 | now | 14 free now');
    expect(offers).toContain('spot | H100 | 8 | 1 | now | 14 free now');
    expect(offers).toContain('old | CPU | 0 | 0 | no | partition takes no jobs');
    expect(offers).toHaveLength(1 + 8 + 1 + 8 + 1);
  });

  it('count a node that is in several partitions once in all', () => {
    const offers = offersOf({}, parseSite(text), context).filter(({ accelerator }) => accelerator === 'H100');
    expect(new Set(offers.map(({ region }) => region))).toEqual(new Set(['gpu', 'spot']));
    const [first] = offers;
    expect(first?.overall?.free).toBe(14);
    expect(new Set(offers.map(({ overall, total }) => [overall?.free, overall?.total, total].join()))).toEqual(
      new Set(['14,32,32', '14,32,16']),
    );
    const closed = parseSite(text.replaceAll(/State=UP/gu, 'State=DOWN'));
    expect(offersOf({}, closed, context).find(({ accelerator }) => accelerator === 'H100')?.overall?.free).toBe(0);
  });

  it('say how many wait when all is in use, and when all is down', () => {
    const busy = parseSite(text.replaceAll(/GresUsed=gpu:h100:[0-9]+/gu, 'GresUsed=gpu:h100:8'));
    expect(offersOf({ region: 'gpu' }, busy, context).map(brief)).toContain(
      'gpu | H100 | 8 | 0 | wait | in use, 4 waiting',
    );
    const down = parseSite(text.replaceAll(/State=(?:MIXED|IDLE)/gu, 'State=DOWN'));
    expect(offersOf({ region: 'gpu' }, down, context).map(brief)).toContain(
      'gpu | H100 | 1 | 0 | wait | nodes are down or reserved',
    );
  });

  it('are read from what 24.11 prints as well', () => {
    const site = parseSite(newer);
    expect(offersOf({}, site, context).map(brief)).toEqual(
      expect.arrayContaining(['gpu | CPU | 0 | 1 | now | 3 CPUs free now', 'spot | H100 | 2 | 3 | now | 6 free now']),
    );
    expect(knowledgeOf(site).preemptible).toEqual(['spot']);
    expect(site).toMatchObject({ reservations: ['workshop'], waiting: new Map([['gpu', 2]]) });
  });

  it('are only what was asked for', () => {
    const site = parseSite(text);
    const h100 = offersOf({ accelerator: 'H100' as never, region: 'spot' }, site, context);
    expect(new Set(h100.map(({ region, accelerator }) => `${region} ${accelerator}`))).toEqual(new Set(['spot H100']));
    expect(offersOf({ accelerator: 'B200' as never }, site, context)).toEqual([]);
    expect(offersOf({ region: 'nowhere' }, site, context)).toEqual([]);
  });

  it('are none where nothing is said', () => {
    expect(offersOf({}, parseSite(''), context)).toEqual([]);
    expect(offersOf({}, parseSite('# nodes\n\ngarbage\n# partitions\nx=y'), context).length).toBeLessThan(2);
  });
});

describe('gres', () => {
  it.each([
    ['gpu:h100:8(S:0-1)', [['gpu:h100', 8]]],
    [
      'gpu:h100:2(IDX:0-1),gpu:a100:1(IDX:4)',
      [
        ['gpu:h100', 2],
        ['gpu:a100', 1],
      ],
    ],
    ['gpu:8', [['gpu', 8]]],
    ['gpu:(null):4(IDX:0-3)', [['gpu', 4]]],
    ['gpu:1g.10gb:7', [['gpu:1g.10gb', 7]]],
    ['shard:16,craynetwork:4', []],
    ['(null)', []],
    ['', []],
  ])('%s', (gres, counts) => {
    expect([...parseGres(gres)]).toEqual(counts);
  });
});

describe('names of accelerators', () => {
  const named = (gres: string, ...features: readonly string[]): readonly string[] =>
    nameDevices(gres, { features }).map(({ name, constraint }) =>
      constraint === null ? name : `${name} by ${constraint}`,
    );

  it.each([
    ['gpu:h100', [], ['H100']],
    ['gpu:nvidia_h100_80gb_hbm3', [], ['H100']],
    ['gpu:a100', ['a100_80gb'], ['A100-80GB']],
    ['gpu:a100', ['gpu_mem_40gb'], ['A100-40GB']],
    ['gpu:a100', [], ['A100-40GB', 'A100-80GB']],
    ['gpu', ['skylake', 'h200'], ['H200 by h200']],
    ['gpu', [], ['GPU']],
    ['gpu:rtx_4090', [], ['rtx_4090']],
  ])('%s with %j', (gres, features, names) => {
    expect(named(gres, ...features)).toEqual(names);
  });

  it('are remembered with how to ask for them, and with where spot jobs go', () => {
    expect(knowledgeOf(parseSite(text))).toEqual({
      accelerators: { H100: { gres: 'gpu:h100', constraint: null } },
      preemptible: ['spot'],
    });
    expect(knowledgeOf(parseSite(text.replace('preempt/partition_prio', 'preempt/none'))).preemptible).toEqual([]);
  });
});

describe('job options', () => {
  it('have what the cluster has', () => {
    const options = jobOptionsOf(parseSite(text), parseSettings({}));
    const choices = (name: string): readonly string[] | undefined =>
      options.find((option) => option.name === name)?.choices.map(({ value }) => value);
    expect(choices('account')).toEqual(['root', 'vision']);
    expect(choices('qos')).toEqual(['normal', 'urgent']);
    expect(choices('constraint')).toEqual(['h100', 'nvlink']);
    expect(choices('reservation')).toEqual(['workshop']);
    expect(choices('requeue')).toEqual(['requeue', 'no-requeue']);
  });
});

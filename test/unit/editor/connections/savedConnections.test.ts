import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  idFor,
  uniqueLabel,
  withConnection,
  withLabel,
  withoutConnection,
} from '../../../../src/editor/connections/editConnections.ts';
import { parseConnections } from '../../../../src/editor/connections/savedConnections.ts';
import { connectionId } from '../../../fixtures/engine/engineParts.ts';

const lab = { id: 'slurm-1', provider: 'slurm', label: 'lab', settings: { host: 'login1' } };

describe('the setting', () => {
  it('may be absent or empty', () => {
    expect(parseConnections(undefined)).toEqual({ usable: [], broken: [] });
    expect(parseConnections([])).toEqual({ usable: [], broken: [] });
  });

  it('is read entry by entry: a broken one says why and leaves the others alone', () => {
    const { usable, broken } = parseConnections([
      7,
      lab,
      { ...lab, label: 'again' },
      { ...lab, id: 'local' },
      { ...lab, id: '../../etc' },
      { ...lab, id: 'a', provider: '' },
      { ...lab, id: 'b', settings: 'host' },
      { id: 'c', provider: 'slurm', settings: {} },
      null,
      { ...lab, id: 'other', label: 'other' },
    ]);
    expect(usable.map(({ id, label }) => [id, label])).toEqual([
      ['slurm-1', 'lab'],
      ['other', 'other'],
    ]);
    expect(broken.map(({ label, reason }) => `${label}: ${reason}`)).toEqual([
      'Connection 1: It is not an object with id, provider, label and settings.',
      'again: Another connection has the id slurm-1 too.',
      'lab: Another connection has the id local too.',
      'lab: Its id is missing, or has more than lower-case letters, digits and hyphens.',
      'lab: It does not say which provider it belongs to.',
      'lab: Its settings are missing.',
      'c: Its label is missing.',
      'Connection 9: It is not an object with id, provider, label and settings.',
    ]);
    expect(new Set(broken.map(({ id }) => id)).size).toBe(broken.length);
  });

  it('that is no list is one broken entry', () => {
    expect(parseConnections({ slurm: lab }).broken.map(({ reason }) => reason)).toEqual([
      'The setting aloft.connections is not a list.',
    ]);
  });

  it('shows labels as one short line, whatever they hold', () => {
    const label = (text: string) => parseConnections([{ ...lab, label: text }]).usable[0]?.label;
    expect(label('lab\u202egpj.exe\nx')).toBe('lab gpj.exe x');
    expect(label('x'.repeat(10_000))).toHaveLength(60);
    expect(label(' \n ')).toBe('slurm-1');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())), (value) => {
        const { usable, broken } = parseConnections(value);
        expect(usable.length + broken.length).toBe(Array.isArray(value) ? value.length : 1);
      }),
    );
  });
});

describe('a change of the setting', () => {
  const broken = { id: 'slurm-2', note: 'mine' };
  const written = [lab, broken, 7];

  it('leaves what it is not about exactly as it was written', () => {
    const added = { ...lab, id: connectionId('slurm-3') };
    expect(withConnection(written, added)).toEqual([...written, added]);
    expect(withConnection(undefined, added)).toEqual([added]);
    expect(withConnection([lab, added], { ...added, label: 'of another window' })).toEqual([lab, added]);
    expect(withLabel(written, connectionId('slurm-1'), 'new')).toEqual([{ ...lab, label: 'new' }, broken, 7]);
    expect(withoutConnection(written, { id: connectionId('slurm-1') })).toEqual([broken, 7]);
    expect(withoutConnection(written, { written: 7 })).toEqual([lab, broken]);
    expect(withoutConnection(written, { written: broken })).toEqual([lab, 7]);
    expect(withoutConnection([lab, 7, lab], { written: lab })).toEqual([lab, 7]);
    expect(written).toHaveLength(3);
  });

  it('is refused when there is no list to change', () => {
    const change = () => withConnection({ mine: true }, { ...lab, id: connectionId('slurm-3') });
    expect(change).toThrow('The setting aloft.connections is not a list.');
  });

  it('gives the same settings the same id, and never one that is taken', () => {
    const id = idFor('slurm', { host: 'login1' }, new Set());
    expect(id).toMatch(/^slurm-[0-9a-f]{8}$/u);
    expect(idFor('slurm', { host: 'login1' }, new Set())).toBe(id);
    expect(idFor('slurm', { host: 'login2' }, new Set())).not.toBe(id);
    expect(idFor('slurm', { host: 'login1' }, new Set([id, `${id}-2`]))).toBe(`${id}-3`);
    expect(parseConnections([{ ...lab, id: `${id}-3` }]).broken).toEqual([]);
  });

  it('numbers labels that are taken', () => {
    expect(uniqueLabel('lab', new Set(['This machine']))).toBe('lab');
    expect(uniqueLabel('lab', new Set(['lab', 'lab 2']))).toBe('lab 3');
    const long = 'arn:aws:eks:us-east-1:123456789012:cluster/a-rather-long-name-of-a-cluster';
    const first = uniqueLabel(`${long} / a`, new Set());
    const second = uniqueLabel(`${long} / b`, new Set([first]));
    const shown = parseConnections([first, second].map((label, index) => ({ ...lab, id: `c-${index}`, label })));
    expect(new Set(shown.usable.map(({ label }) => label)).size).toBe(2);
    expect(second).toMatch(/ 2$/u);
  });
});

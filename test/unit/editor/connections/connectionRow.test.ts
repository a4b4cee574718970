import { describe, expect, it } from 'vitest';

import type { Health } from '../../../../src/editor/connections/connectionHealth.ts';
import { connectionRow } from '../../../../src/editor/connections/connectionRow.ts';
import { scriptedAbilities } from '../../../emulators/scripted/request.ts';
import { offer } from '../../../fixtures/editor/formEngine.ts';
import { connectionId } from '../../../fixtures/engine/engineParts.ts';

const now = 1_800_000_000_000;
const minute = 60_000;
const info = { id: connectionId('lab'), providerId: 'slurm', label: 'lab-slurm', abilities: scriptedAbilities };
const unknown: Health = { isAsking: false, answeredAt: null, identity: null, offers: [], problem: null };
const well: Health = {
  ...unknown,
  answeredAt: now - minute,
  identity: { account: 'ada', expiresAt: null },
  offers: [offer()],
};
const refused = { message: 'The host key has changed.', remedy: 'Look.', raw: null, tag: 'auth' } as const;

const row = (health: Health, id = info.id) => connectionRow({ ...info, id }, health, now);

describe('a row of the Providers view', () => {
  it('says who we are and what is free', () => {
    expect(row(well)).toEqual({
      label: 'lab-slurm',
      description: 'CPU only · ada',
      icon: 'pass-filled',
      color: 'charts.green',
      contextValue: 'connection added',
      accessibleLabel: 'lab-slurm, connected, CPU only · ada',
    });
    expect(row(well, connectionId('local')).contextValue).toBe('connection builtIn');
  });

  it('tells apart what was not asked yet and what is being asked', () => {
    expect(row(unknown)).toMatchObject({ icon: 'circle-outline', description: '' });
    expect(row({ ...unknown, isAsking: true })).toMatchObject({ icon: 'loading~spin', color: null });
    expect(row(unknown).accessibleLabel).toBe('lab-slurm, not asked yet');
    // What is known stays on screen meanwhile.
    expect(row({ ...well, isAsking: true }).icon).toBe('pass-filled');
  });

  it('names the problem, and how old is what was known before', () => {
    expect(row({ ...unknown, problem: refused }).description).toBe('signed out · The host key has changed');
    const known = row({ ...well, answeredAt: now - 5 * minute, problem: refused });
    expect(known).toMatchObject({
      icon: 'error',
      description: 'signed out · last known 5 min ago · The host key has changed',
      contextValue: 'connection added signIn',
    });
    const dead = { ...refused, tag: 'transient' } as const;
    expect(row({ ...well, problem: dead }).contextValue).toBe('connection added');
  });

  it('marks answers that have become old', () => {
    expect(row({ ...well, answeredAt: now - 20 * minute }).description).toBe('CPU only · ada · 20 min ago');
  });

  it.each([
    [31, 'CPU only · ada', 'pass-filled'],
    [25, 'signs out in 25 min · CPU only · ada', 'warning'],
    [0.2, 'signs out in 1 min · CPU only · ada', 'warning'],
    [-1, 'signed out · CPU only · ada', 'warning'],
  ])('tells a sign-in that ends in %d min', (minutes, description, icon) => {
    const ending = { ...well, identity: { account: 'ada', expiresAt: now + minutes * minute } };
    expect(row(ending)).toMatchObject({ description, icon });
    expect(row(ending).contextValue.includes('signIn')).toBe(icon === 'warning');
  });

  it('is one line, whatever a provider says', () => {
    const problem = { ...refused, message: `first\nsecond ${'x'.repeat(10_000)}` };
    const { description } = row({ ...unknown, problem });
    expect(description.length).toBeLessThan(200);
    expect(description).toMatch(/^signed out · first second x+…$/u);
  });
});

import { describe, expect, it } from 'vitest';

import { acceptedValue } from '../../../src/editor/acceptedValue.ts';

const here = { value: 'this-machine', label: 'This machine', description: "Slurm's commands are here" };
const login = { value: 'login', label: 'login' };
const choices = [here, login];
const use = (typed: string) => ({ value: typed, label: `Use "${typed}"` });

describe('what is accepted from a list into which one may type', () => {
  it.each([
    ['the choice that is lit', '', here, 'this-machine'],
    ['a choice that is lit by its beginning', 'log', login, 'login'],
    ['what was typed', 'ada@host', use('ada@host'), 'ada@host'],
    ['all of what was typed before the list followed', 'ada@host', use('ada@ho'), 'ada@host'],
    ['a choice that was typed before the list followed', ' login ', undefined, 'login'],
    ['a choice that was typed while the last letter was missing', 'login', use('logi'), 'login'],
    ['what was typed while a shorter name is still lit', 'login-2', login, 'login-2'],
    ['a choice that is lit by what is beside its name', 'slurm', here, 'this-machine'],
    ['a choice by its name', 'This machine', undefined, 'this-machine'],
    ['nothing where there is nothing', ' ', undefined, undefined],
  ])('is %s', (_what, typed, lit, expected) => {
    expect(acceptedValue(typed, lit, choices)).toBe(expected);
  });
});

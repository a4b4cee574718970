import { describe, expect, it } from 'vitest';

import { recallMetricsSettings, rememberMetricsSettings } from '../../../../src/editor/metrics/metricsSettings.ts';
import { parseMetricsMessage } from '../../../../src/editor/metrics/parseMetricsMessage.ts';
import { parsePanelMessage } from '../../../../src/editor/parseMessages.ts';
import type { MetricsToHost } from '../../../../src/protocol/metricsView.ts';

const settings = { hidden: ['lr'], logScale: ['loss'], smoothing: 0.5 };

describe('a message from the curves', () => {
  const sound: readonly MetricsToHost[] = [
    { type: 'metricsSet', settings },
    { type: 'metricsCompare' },
    { type: 'metricsRemove', id: 'R' },
    { type: 'metricsLine', id: 'R', line: 12 },
    { type: 'metricsExport', names: null },
    { type: 'metricsExport', names: ['loss'] },
    { type: 'metricsAddPattern' },
  ];

  it.each(sound)('of type $type is understood, by a job panel too', (message) => {
    expect(parseMetricsMessage(message)).toEqual(message);
    expect(parsePanelMessage(message)).toEqual(message);
  });

  it.each([
    null,
    'metricsCompare',
    { type: 'metricsSet', settings: { ...settings, smoothing: 1 } },
    { type: 'metricsSet', settings: { ...settings, hidden: [1] } },
    { type: 'metricsSet' },
    { type: 'metricsLine', id: 'R', line: -1 },
    { type: 'metricsLine', id: 'R', line: 1.5 },
    { type: 'metricsLine', line: 1 },
    { type: 'metricsExport' },
    { type: 'metricsExport', names: 'loss' },
    { type: 'metricsRun', id: 'R' },
  ])('%j is none', (message) => {
    expect(parsePanelMessage(message)).toBeUndefined();
  });
});

describe('what was set for curves', () => {
  it('comes back, and is as at first when it is damaged', async () => {
    const kept = new Map<string, string>();
    const memory = {
      get: (key: string) => kept.get(key),
      set: async (key: string, value: string) => {
        kept.set(key, value);
      },
    };
    const initial = { hidden: [], logScale: [], smoothing: 0 };
    expect(recallMetricsSettings(memory)).toEqual(initial);
    await rememberMetricsSettings(memory, settings);
    expect(recallMetricsSettings(memory)).toEqual(settings);
    for (const damaged of ['{', '7', '{"hidden":[]}', '{"hidden":[],"logScale":[],"smoothing":"x"}']) {
      expect(recallMetricsSettings({ ...memory, get: () => damaged })).toEqual(initial);
    }
  });
});

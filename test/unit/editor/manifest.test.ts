import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import manifest from '../../../package.json' with { type: 'json' };
import texts from '../../../package.nls.json' with { type: 'json' };
import { commandIds } from '../../../src/editor/commandIds.ts';
import { parseSettings } from '../../../src/editor/parseSettings.ts';
import { providerEntries } from '../../../src/providerEntries.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const { contributes, capabilities } = manifest;
const settings = Object.entries(contributes.configuration.properties);

const sorted = (values: Iterable<string>): readonly string[] => [...new Set(values)].toSorted();

async function sources(...patterns: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const file of glob(patterns, { cwd: root })) {
    found.set(file, await readFile(join(root, file), 'utf8'));
  }
  return found;
}

describe('commands', () => {
  it('are those that are registered', () => {
    expect(sorted(contributes.commands.map(({ command }) => command))).toEqual(sorted(commandIds));
  });

  it('have a category and a title that is translated', () => {
    for (const { category, title } of contributes.commands) {
      expect(category).toBe('Aloft');
      expect(title).toMatch(/^%command\.\w+%$/u);
    }
  });

  it('exist wherever a menu, key, view or walkthrough names them', () => {
    const named = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command)),
      ...contributes.keybindings.map(({ command }) => command),
      ...contributes.walkthroughs.flatMap(({ steps }) =>
        steps.flatMap(({ completionEvents }) =>
          completionEvents.flatMap((event) => /^onCommand:(.+)$/u.exec(event)?.[1] ?? []),
        ),
      ),
      ...Object.values(texts).flatMap((text) =>
        [...text.matchAll(/\(command:([\w.]+)/gu)].map((match) => match[1] ?? ''),
      ),
    ].filter((command) => command.startsWith('aloft.'));
    expect(named.length).toBeGreaterThan(30);
    expect(sorted(named).filter((command) => !commandIds.some((id) => id === command))).toEqual([]);
  });

  it('name only views that there are', () => {
    const views = new Set(contributes.views.aloft.map(({ id }) => id));
    const conditions = JSON.stringify([contributes.menus, contributes.keybindings]);
    const named = [...conditions.matchAll(/(?:view|focusedView) == ([\w.]+)/gu)].map((match) => match[1] ?? '');
    expect(sorted(named).filter((view) => !views.has(view))).toEqual([]);
    expect(contributes.viewsWelcome.every(({ view }) => views.has(view))).toBe(true);
  });
});

describe('texts', () => {
  it('are all there, and none is left over', () => {
    const used = [...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/gu)].map((match) => match[1] ?? '');
    expect(sorted(Object.keys(texts))).toEqual(sorted(used));
  });
});

describe('settings', () => {
  it('are read, each of them, and nothing else', () => {
    // Loaded late, connections are read where they are used.
    const asked = ['aloft.connections'];
    parseSettings((name) => {
      asked.push(`aloft.${name}`);
      return undefined;
    });
    expect(sorted(asked)).toEqual(sorted(settings.map(([name]) => name)));
  });

  it('have the defaults that the code falls back to', () => {
    const defaults = new Map<string, unknown>(settings.map(([name, { default: value }]) => [name, value]));
    expect(parseSettings((name) => defaults.get(`aloft.${name}`))).toEqual(parseSettings(() => undefined));
  });

  it('take what the manifest allows, and fall back for what it does not', () => {
    const read = (name: string, value: unknown) => parseSettings((asked) => (asked === name ? value : undefined));
    expect(contributes.configuration.properties['aloft.notifications.jobEnded'].enum).toEqual([
      'all',
      'failed',
      'none',
    ]);
    expect(read('notifications.jobEnded', 'none').jobEndedNotifications).toBe('none');
    expect(read('notifications.jobEnded', 'loud').jobEndedNotifications).toBe('all');
    expect(read('submit.openJob', false).openJobAfterSubmit).toBe(false);
    expect(read('submit.openJob', 'false').openJobAfterSubmit).toBe(true);
    expect(read('upload.maxFileSize', '2 GiB').maxUploadFileBytes).toBe(2 * 1024 ** 3);
    expect(read('upload.maxFileSize', 'a lot').maxUploadFileBytes).toBe(50 * 1024 ** 2);
    const { minimum, maximum } = contributes.configuration.properties['aloft.local.slots'];
    const slots = [minimum, maximum, minimum - 1, maximum + 1, 1.5, '2'].map(
      (value) => read('local.slots', value).localSlots,
    );
    expect(slots).toEqual([minimum, maximum, null, null, null, null]);
    expect(read('metrics.patterns', { psnr: '(?<value>.)' }).metricPatterns.patterns.map(({ name }) => name)).toEqual([
      'psnr',
    ]);
    expect(read('metrics.patterns', { psnr: '(' }).metricPatterns.errors).toHaveLength(1);
    expect(read('local.graceSeconds', 0).localGraceSeconds).toBe(0);
    expect(read('local.graceSeconds', -1).localGraceSeconds).toBe(10);
  });

  it('cannot be turned by a workspace, unless it is trusted and VS Code says so', () => {
    for (const [name, { scope }] of settings) {
      expect(['application', 'machine', 'machine-overridable']).toContain(scope);
      if (scope === 'machine-overridable') {
        expect(capabilities.untrustedWorkspaces.restrictedConfigurations).toContain(name);
      }
    }
  });
});

describe('the rest of the manifest', () => {
  it('wakes the extension late, and for panels that come back', () => {
    const events = ['onStartupFinished', 'onWebviewPanel:aloft.job', 'onWebviewPanel:aloft.logFile'];
    expect(manifest.activationEvents).toEqual(events);
  });

  it('names files that there are', async () => {
    const media = contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media: { svg } }) => svg));
    const icons = [manifest.icon, ...contributes.viewsContainers.activitybar.map(({ icon }) => icon)];
    for (const file of [...media, ...icons, ...contributes.views.aloft.map(({ icon }) => icon)]) {
      expect((await stat(join(root, file))).isFile()).toBe(true);
    }
  });
});

describe('providers', () => {
  it.each(providerEntries)('$id is what its bundle says it is', async ({ id, label, abilities, setUp, load }) => {
    const provider = await load();
    expect({ id: provider.id, label: provider.label, abilities: provider.abilities }).toEqual({ id, label, abilities });
    expect(provider.setUp !== undefined).toBe(setUp !== undefined);
  });
});

describe('one file each', () => {
  it.each([
    ['registers commands', /registerCommand\(/u, ['src/editor/commands.ts']],
    ['reads settings', /getConfiguration\(/u, ['src/editor/settings.ts']],
    [
      'writes HTML',
      /\.html = /u,
      ['src/editor/jobPanel.ts', 'src/editor/log/logFilePanel.ts', 'src/editor/submitView.ts'],
    ],
    ['shows errors', /showErrorMessage\(/u, ['src/editor/showError.ts']],
    ['sets context keys', /setContext/u, []],
    ['knows the component library', /webview-ui-toolkit/u, ['webview/ui/components.ts']],
  ] as const)('%s', async (_what, pattern, files) => {
    const all = await sources('src/**/*.ts', 'webview/**/*.{ts,tsx}');
    expect(
      [...all]
        .filter(([, text]) => pattern.test(text))
        .map(([file]) => file)
        .toSorted(),
    ).toEqual(files);
  });
});

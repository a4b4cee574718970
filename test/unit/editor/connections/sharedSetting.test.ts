import { describe, expect, it, onTestFinished, vi } from 'vitest';

import { Emitter } from '../../../../src/core/event.ts';
import { withConnection, withLabel, withoutConnection } from '../../../../src/editor/connections/editConnections.ts';
import type { SavedConnection } from '../../../../src/editor/connections/savedConnections.ts';
import { SharedSetting } from '../../../../src/editor/connections/sharedSetting.ts';
import { connectionId } from '../../../fixtures/engine/engineParts.ts';

/** One settings file that windows read when they are told that it changed, and write as a whole. */
class SettingsFile {
  value: unknown;
  readonly #windows: (() => void)[] = [];

  window() {
    let known = this.value;
    const changed = new Emitter<void>();
    const failed = vi.fn<(error: unknown) => void>();
    const setting = new SharedSetting({
      read: () => known,
      write: async (value) => {
        this.value = value;
      },
      onDidChange: changed.event,
      failed,
    });
    onTestFinished(() => {
      setting.dispose();
    });
    this.#windows.push(() => {
      if (JSON.stringify(known) !== JSON.stringify(this.value)) {
        known = this.value;
        changed.fire();
      }
    });
    return { setting, failed };
  }

  /** Every window hears of what is written, until nobody has anything to add. */
  async settle(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      for (const hear of this.#windows) {
        hear();
        await Promise.resolve();
      }
    }
  }

  get ids(): readonly string[] {
    return Array.isArray(this.value) ? this.value.map((entry: { id: string }) => entry.id) : [];
  }
}

function connection(id: string): SavedConnection {
  return { id: connectionId(id), provider: 'slurm', label: id, settings: { host: id } };
}

describe('a setting that several windows change', () => {
  it('has what both added in the same instant', async () => {
    const file = new SettingsFile();
    const [one, other] = [file.window(), file.window()];
    await Promise.all([
      one.setting.change((written) => withConnection(written, connection('a'))),
      other.setting.change((written) => withConnection(written, connection('b'))),
    ]);
    expect(file.ids).toHaveLength(1);
    await file.settle();
    expect([...file.ids].toSorted()).toEqual(['a', 'b']);
  });

  it('is without what one removed while the other renamed something else', async () => {
    const file = new SettingsFile();
    file.value = [connection('a'), connection('b')];
    const [one, other] = [file.window(), file.window()];
    await Promise.all([
      one.setting.change((written) => withoutConnection(written, { id: connectionId('a') })),
      other.setting.change((written) => withLabel(written, connectionId('b'), 'B')),
    ]);
    await file.settle();
    expect(file.value).toEqual([{ ...connection('b'), label: 'B' }]);
  });

  it('comes to rest when both want something else of the same', async () => {
    const file = new SettingsFile();
    file.value = [connection('a')];
    const [one, other] = [file.window(), file.window()];
    await Promise.all([
      one.setting.change((written) => withLabel(written, connectionId('a'), 'one')),
      other.setting.change((written) => withLabel(written, connectionId('a'), 'other')),
    ]);
    await file.settle();
    const rested = file.value;
    await file.settle();
    expect(file.value).toBe(rested);
    expect(file.ids).toEqual(['a']);
  });

  it('is left as a person wrote it when the window has changed its mind', async () => {
    const file = new SettingsFile();
    const { setting } = file.window();
    await setting.change((written) => withConnection(written, connection('a')));
    await file.settle();
    await setting.change((written) => withoutConnection(written, { id: connectionId('a') }));
    await file.settle();
    expect(file.ids).toEqual([]);
  });

  it('says when a change cannot be made again', async () => {
    const file = new SettingsFile();
    const { setting, failed } = file.window();
    await setting.change((written) => withConnection(written, connection('a')));
    await file.settle();
    file.value = 'not a list';
    await file.settle();
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ tag: 'conflict' }));
    expect(file.value).toBe('not a list');
  });

  it('is no business of ours a while later', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const file = new SettingsFile();
    const { setting } = file.window();
    await setting.change((written) => withConnection(written, connection('a')));
    await file.settle();
    vi.advanceTimersByTime(10_000);
    file.value = [];
    await file.settle();
    expect(file.ids).toEqual([]);
  });
});

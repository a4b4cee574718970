import { render } from 'preact';
import { act } from 'preact/test-utils';
import { describe, expect, it } from 'vitest';

import { type ConnectionChoice, emptyDraft } from '../../../src/protocol/submitForm.ts';
import { WaitLimit } from '../../../webview/submit/WaitLimit.tsx';
import { usePage } from './page.ts';

const place = (id: string, usualWait: string | null): ConnectionChoice => ({
  id,
  label: `the ${id}`,
  providerId: id,
  spot: true,
  multiNode: true,
  containerImage: true,
  regions: false,
  usualWait,
});

const page = usePage();

/** What the field shows while nothing is typed, and below it. */
function shown(connection: string, connections: readonly ConnectionChoice[]): readonly (string | null | undefined)[] {
  const field = {
    field: 'waitLimit',
    label: 'Give up waiting after',
    value: '',
    problems: [],
    change: () => undefined,
  } as const;
  void act(() => {
    render(<WaitLimit field={field} state={{ draft: { ...emptyDraft, connection }, connections }} />, page.root);
  });
  return [
    page.root.querySelector('vscode-text-field')?.getAttribute('placeholder'),
    page.root.querySelector('.hint')?.textContent,
  ];
}

describe('the limit of a wait', () => {
  const connections = [place('cluster', null), place('cloud', '1d')];

  it('shows what is usual where the job goes, and how to have none', () => {
    expect(shown('cloud', connections)).toEqual(['1d', 'Usually 1d on the cloud; type never for no limit.']);
    expect(shown('cluster', connections)).toEqual(['never', undefined]);
  });

  it('says where there is one while the job may go anywhere', () => {
    expect(shown('', connections)).toEqual(['', 'Usually 1d on the cloud; type never for no limit.']);
    expect(shown('', [place('cluster', null)])).toEqual(['never', undefined]);
  });
});

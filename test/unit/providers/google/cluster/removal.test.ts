import { expect, it } from 'vitest';
import { runFolder } from '../../../../../src/providers/google/paths.ts';
import { never } from '../../../../conformance/harness.ts';
import { GoogleLab } from '../../../../fixtures/google/lab.ts';

it('removes what a run left in the bucket, sixteen objects at a time', async () => {
  const lab = await GoogleLab.start();
  try {
    const { control, bucket } = lab.google;
    const connection = lab.open();
    const release = control.holdQueue();
    const input = await lab.prepare(connection, 'true');
    const handle = await connection.submit(input, never());
    await connection.cancel(handle, never());
    release();
    await lab.until(connection, handle);
    const left = (): number => control.buckets.list(bucket).filter(({ name }) => name.includes('/results/')).length;
    for (let index = 0; index < 50; index += 1) {
      const name = `${runFolder(input.key)}results/${index}`;
      control.buckets.put(bucket, name, Buffer.from('x'), { contentType: '', metadata: {} });
    }
    const deletes = { method: 'objects.delete', resource: /\/results\// };
    control.addFault({ on: deletes, kind: 'delay', ms: 1500, times: 16 });
    const removing = connection.remove(handle, never());
    await expect.poll(() => control.countRequests(deletes), { timeout: 10_000 }).toBe(16);
    expect(left()).toBe(50);
    await removing;
    expect(control.countRequests(deletes)).toBe(50);
    expect(left()).toBe(0);
  } finally {
    await lab.stop();
  }
}, 60_000);

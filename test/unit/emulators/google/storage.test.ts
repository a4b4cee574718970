import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientGoogle, startWithClients } from './clients.ts';

let google: ClientGoogle;

beforeAll(async () => {
  google = await startWithClients();
}, 60_000);

afterAll(async () => {
  await google.stop();
});

const file = (name: string) => google.storage.bucket(google.bucket).file(name);

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );
}

describe('objects', () => {
  it('keeps what was sent at once, checked', async () => {
    await file('one/two.bin').save(Buffer.from([0, 1, 255]), { resumable: false, validation: 'crc32c' });
    const [bytes] = await file('one/two.bin').download();
    expect([...bytes]).toEqual([0, 1, 255]);
    const [metadata] = await file('one/two.bin').getMetadata();
    expect(metadata).toMatchObject({ size: '3', name: 'one/two.bin' });
  });

  it('keeps what was sent in pieces', async () => {
    const bytes = randomBytes(700_000);
    // Without an address the client sends no token where the endpoint is another than usual.
    const [uri] = await file('large.bin').createResumableUpload();
    await file('large.bin').save(bytes, { uri, resumable: true, chunkSize: 262_144, validation: 'crc32c' });
    const [back] = await file('large.bin').download();
    expect(back.equals(bytes)).toBe(true);
    const [part] = await file('large.bin').download({ start: 10, end: 19 });
    expect(part.equals(bytes.subarray(10, 20))).toBe(true);
  });

  it('writes an object only where there is none', async () => {
    const options = { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } };
    await file('once').save('first', options);
    expect(await refusal(file('once').save('second', options))).toMatchObject({ code: 412 });
    expect((await file('once').download())[0].toString()).toBe('first');
    expect(await refusal(file('once').createResumableUpload(options))).toMatchObject({ code: 412 });
  });

  it('lists by prefix, by folder and in pages', async () => {
    await Promise.all(
      ['list/a', 'list/b/c', 'list/b/d', 'list/e'].map(async (name) => file(name).save(name, { resumable: false })),
    );
    const bucket = google.storage.bucket(google.bucket);
    const [first, more] = await bucket.getFiles({ prefix: 'list/', maxResults: 2, autoPaginate: false });
    const [second] = await bucket.getFiles({ ...more, autoPaginate: false });
    expect([...first, ...second].map(({ name }) => name)).toEqual(['list/a', 'list/b/c', 'list/b/d', 'list/e']);
    const [top, , answer] = await bucket.getFiles({ prefix: 'list/', delimiter: '/', autoPaginate: false });
    expect(top.map(({ name }) => name)).toEqual(['list/a', 'list/e']);
    expect(answer).toMatchObject({ prefixes: ['list/b/'] });
  });

  it('deletes, and says what is not there', async () => {
    await file('gone').save('x', { resumable: false });
    await file('gone').delete();
    expect(await refusal(file('gone').download())).toMatchObject({ code: 404 });
    expect(await refusal(google.storage.bucket('nowhere-at-all').getMetadata())).toMatchObject({ code: 404 });
  });

  it('is the same as the folder that replicas see', async () => {
    const folder = google.control.buckets.folders().get(google.bucket) ?? '';
    await file('seen.txt').save('by both', { resumable: false });
    expect(readFileSync(join(folder, 'seen.txt'), 'utf8')).toBe('by both');
    const [before] = await file('seen.txt').getMetadata();
    writeFileSync(join(folder, 'seen.txt'), 'changed there');
    const [after] = await file('seen.txt').getMetadata();
    expect(after.size).toBe('13');
    expect(after.generation).not.toBe(before.generation);
  });

  it('makes buckets', async () => {
    const [bucket] = await google.storage.createBucket('another-bucket', { location: 'EU' });
    expect((await bucket.getMetadata())[0]).toMatchObject({ location: 'EU' });
    expect(await refusal(google.storage.createBucket('another-bucket'))).toMatchObject({ code: 409 });
    const [buckets] = await google.storage.getBuckets();
    expect(buckets.map(({ name }) => name)).toContain('another-bucket');
  });
});

describe('faults', () => {
  it('loses a reply after the object was written', async () => {
    google.control.addFault({ on: { method: 'objects.insert' }, kind: 'loseReply' });
    await expect(file('lost').save('kept', { resumable: false })).rejects.toThrow();
    expect((await file('lost').download())[0].toString()).toBe('kept');
  });

  it('loses a request, and cuts a download', async () => {
    google.control.addFault({ on: { method: 'objects.insert' }, kind: 'loseRequest' });
    await expect(file('never').save('x', { resumable: false })).rejects.toThrow();
    expect((await file('never').exists())[0]).toBe(false);
    await file('cut').save('0123456789', { resumable: false });
    google.control.addFault({ on: { method: 'objects.download' }, kind: 'cut', afterBytes: 4 });
    await expect(file('cut').download()).rejects.toThrow();
  });

  it('refuses a token that was revoked', async () => {
    await file('token').save('x', { resumable: false });
    google.control.tokens.revokeAll();
    expect(await refusal(file('token').exists())).toMatchObject({ code: 401 });
  });
});

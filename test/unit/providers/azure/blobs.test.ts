import { afterEach, describe, expect, it } from 'vitest';
import { BlobContainer } from '../../../../src/providers/azure/client/blobs.ts';
import { never, rejection } from '../../../conformance/harness.ts';
import { type HttpStub, startStub } from '../../../fixtures/azure/httpStub.ts';
import { ManualClock } from '../../../fixtures/engine/manualClock.ts';

let stub: HttpStub | undefined;

afterEach(async () => {
  await stub?.stop();
});

/** A container whose every request is refused so. */
async function refusing(status: number, code: string): Promise<BlobContainer> {
  stub = await startStub(() => ({ status, headers: { 'x-ms-error-code': code } }));
  const access = {
    url: `${stub.url}/account/box`,
    sas: async () => '',
    token: async () => 'x',
    signIn: () => 'Sign in.',
  };
  return new BlobContainer(access, new ManualClock());
}

describe('a blob that is to be new', () => {
  it.each([
    [409, 'BlobAlreadyExists'],
    [412, 'ConditionNotMet'],
  ])('may be there already (%i %s)', async (status, code) => {
    const container = await refusing(status, code);
    expect(await container.create('a', Buffer.from('x'), never())).toBe(false);
  });

  it.each([
    [409, 'ContainerBeingDeleted', 'conflict'],
    [412, 'LeaseIdMissing', 'conflict'],
    [409, 'AccountBeingCreated', 'conflict'],
    [404, 'ContainerNotFound', 'notFound'],
  ])('is not taken for one that is there when it is refused otherwise (%i %s)', async (status, code, tag) => {
    const container = await refusing(status, code);
    expect(await rejection(container.create('a', Buffer.from('x'), never()))).toMatchObject({ tag });
  });

  it('is refused with what signs in where a sign-in is sent along', async () => {
    const container = await refusing(401, 'InvalidAuthenticationInfo');
    expect(await rejection(container.create('a', Buffer.from('x'), never()))).toMatchObject({
      tag: 'auth',
      remedy: 'Sign in.',
    });
  });
});

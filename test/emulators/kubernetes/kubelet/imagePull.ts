import { setTimeout as delay } from 'node:timers/promises';
import type { Timing } from '../timing.ts';
import type { Images } from './images.ts';

export interface ImagePull {
  readonly image: string;
  readonly policy: string;
  readonly pullSecrets: readonly string[];
  readonly images: Images;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  /** The container waits for this reason. */
  readonly wait: (reason: string, message: string) => void;
  readonly say: (type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

/** Resolves when the image is there; tries for ever, each time after a longer wait, until the signal aborts it. */
export async function pullImage(pull: ImagePull): Promise<void> {
  const { timing } = pull;
  for (let wait = timing.imageBackOff; ; wait = Math.min(wait * 2, timing.imageBackOff * 30)) {
    if (await tryToPull(pull, wait)) {
      return;
    }
    await delay(wait, undefined, { signal: pull.signal });
  }
}

async function tryToPull(pull: ImagePull, waitMs: number): Promise<boolean> {
  const { image, policy, pullSecrets, images, timing, signal, wait, say } = pull;
  const answer = images.pull(image, pullSecrets);
  if (answer.kind === 'invalid') {
    wait('InvalidImageName', answer.message);
    say('Warning', 'InspectFailed', answer.message);
    say('Warning', 'Failed', 'Error: InvalidImageName');
    return false;
  }
  if (policy === 'Never' && answer.kind === 'refused') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    wait('ErrImageNeverPull', message);
    say('Warning', 'ErrImageNeverPull', message);
    return false;
  }
  say('Normal', 'Pulling', `Pulling image "${image}"`);
  await delay(timing.imagePull, undefined, { signal });
  if (answer.kind === 'pulled') {
    const took = `${(timing.imagePull / 1000).toFixed(3)}s`;
    const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: 2222260 bytes.`;
    say('Normal', 'Pulled', message);
    return true;
  }
  wait('ErrImagePull', answer.message);
  say('Warning', 'Failed', `Failed to pull image "${image}": ${answer.message}`);
  say('Warning', 'Failed', 'Error: ErrImagePull');
  await delay(waitMs / 3, undefined, { signal });
  wait('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${answer.message}`);
  say('Normal', 'BackOff', `Back-off pulling image "${image}"`);
  say('Warning', 'Failed', 'Error: ImagePullBackOff');
  return false;
}

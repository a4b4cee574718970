import type { ControlContext } from '../controllers/context.ts';
import type { EventText } from '../controllers/eventRecorder.ts';
import type { Pod } from '../objects/types.ts';
import type { Images } from './images.ts';

/** What the pods of one node need. */
export interface KubeletContext extends ControlContext {
  readonly nodeName: string;
  readonly nodeAddress: string;
  readonly images: Images;
  /** Folder of all pods; the caller removes it. */
  readonly podsFolder: string;
  readonly claimsFolder: string;
  readonly apiPort: () => number;
  readonly rotateBytes: () => number;
  /** False while the kubelet is stopped: nothing is reported. */
  readonly isUp: () => boolean;
  readonly nextAddress: () => string;
  say(pod: Pod, event: EventText): void;
  /** All of the pod's containers have ended after it was deleted: it may go from the API server. */
  finish(pod: Pod): void;
}

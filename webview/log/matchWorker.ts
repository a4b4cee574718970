/** A pattern to try on one text. */
export interface MatchRequest {
  readonly source: string;
  readonly flags: string;
  readonly text: string;
  /** No more stretches are given. */
  readonly most: number;
}

/** From and to of each stretch, one after another; null once, when the thread is there. */
export type MatchReply = readonly number[] | null;

/** What is needed of a `Worker`. */
export type MatchWorker = Pick<Worker, 'postMessage' | 'terminate'>;

/** A thread that answers each MatchRequest with a MatchReply. It may be busy for ever: whoever waits ends it. */
export function startMatchWorker(receive: (reply: MatchReply) => void): MatchWorker {
  const url = URL.createObjectURL(new Blob([`(${answerMatches.toString()})()`], { type: 'text/javascript' }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  worker.addEventListener('message', ({ data }: MessageEvent<MatchReply>) => {
    receive(data);
  });
  return worker;
}

/** Runs in the thread, alone: it refers to nothing outside. */
function answerMatches(): void {
  globalThis.addEventListener('message', ({ data: { source, flags, text, most } }: MessageEvent<MatchRequest>) => {
    const stretches: number[] = [];
    for (const match of text.matchAll(new RegExp(source, flags))) {
      if (match[0].length > 0) {
        stretches.push(match.index, match.index + match[0].length);
      }
      if (stretches.length >= 2 * most) {
        break;
      }
    }
    globalThis.postMessage(stretches);
  });
  globalThis.postMessage(null);
}

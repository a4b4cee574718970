import type { Judgement } from './judgement.ts';

const addAgain = 'Remove the connection and add it again.';

/** What is missing may be what was asked for, or something around it: the words name it, else the path does. */
const things: readonly (readonly [RegExp, (...names: readonly string[]) => Omit<Judgement, 'tag'>])[] = [
  [
    /\benvironments\/([^/'"]+)(?:\/(?:versions|labels)\/([^/'"]+))?$/iu,
    (name = '', version) => ({
      message: `The workspace has no environment ${name}${version === undefined ? '' : `, version ${version}`}.`,
      remedy: 'Choose another, or leave it empty.',
    }),
  ],
  [
    /\bcomputes\/([^/'"]+)$/iu,
    (name = '') => ({
      message: `The workspace has no cluster ${name}.`,
      remedy: 'Choose another, or serverless.',
    }),
  ],
  [
    /\bjobs\/([^/'"]+)(?:\/cancel)?$/iu,
    (name = '') => ({ message: `The workspace has no job ${name}: it was deleted.` }),
  ],
  [
    /\bdatastores\/([^/'"]+)(?:\/listSecrets)?$/iu,
    (name = '') => ({
      message: `The workspace has no datastore ${name} any more.`,
      remedy: 'Choose a default datastore that keeps blobs, in Azure ML studio under Data.',
    }),
  ],
  [
    /\bworkspaces\/([^/'"]+)$/iu,
    (name = '') => ({
      message: `The workspace ${name} does not exist any more, or your sign-in cannot see it.`,
      remedy: addAgain,
    }),
  ],
];

/** What a 404 means. What was to be made is not what is missing. */
export function judgeMissing(method: string, path: string, codes: readonly string[], text: string): Judgement {
  const tag = 'notFound';
  if (codes.includes('ResourceGroupNotFound')) {
    return { tag, message: 'The resource group does not exist any more.', remedy: addAgain };
  }
  if (codes.includes('ContainerNotFound')) {
    return {
      tag,
      message: 'The container of the workspace’s datastore does not exist any more.',
      remedy: 'Choose a default datastore that is there, in Azure ML studio under Data.',
    };
  }
  const [asked = ''] = path.split('?');
  const named = /'Microsoft\.MachineLearningServices\/([^']+)'/u.exec(text)?.[1];
  for (const where of [named ?? '', method === 'PUT' ? '' : asked]) {
    for (const [pattern, say] of things) {
      const found = pattern.exec(`/${where}`);
      if (found !== null) {
        return { tag, ...say(...found.slice(1)) };
      }
    }
  }
  if (method === 'PUT') {
    return { tag, message: `Something that this needs is not there: ${text.split('\n')[0]}` };
  }
  return { tag, message: `Azure does not have ${asked.split('/').slice(-2).join('/')}.` };
}

import { describe, expect, it } from 'vitest';

import type { LinksOf } from '../../../../src/editor/log/logSession.ts';
import { SessionLinks } from '../../../../src/editor/log/sessionLinks.ts';

const links: LinksOf = () => [{ start: 0, end: 5, path: 'train.py', line: 1 }];

/** A session that is told links, and what it was told. */
function listener() {
  const told: LinksOf[] = [];
  return {
    told,
    link: (found: LinksOf): void => {
      told.push(found);
    },
  };
}

function setup(answers: readonly (LinksOf | null | Error)[]) {
  const warnings: string[] = [];
  let asked = 0;
  const finder = new SessionLinks({
    links: async () => {
      const answer = answers[asked] ?? null;
      asked += 1;
      await Promise.resolve();
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    },
    logger: {
      warn: (message) => {
        warnings.push(message);
      },
    },
  });
  return { finder, warnings, asked: () => asked };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

describe('what in the lines of a session leads to files', () => {
  it('is told once it is known, however often that is asked for before and afterwards', async () => {
    const { finder, asked } = setup([null, null, links]);
    const session = listener();
    finder.begin(session);
    await settled();
    finder.lookAgain();
    await settled();
    expect(session.told).toEqual([]);
    finder.lookAgain();
    await settled();
    finder.lookAgain();
    await settled();
    expect(session.told).toEqual([links]);
    expect(asked()).toBe(3);
  });

  it('is asked for again when more became known while it was asked for', async () => {
    const { finder } = setup([null, links]);
    const session = listener();
    finder.begin(session);
    finder.lookAgain();
    await settled();
    expect(session.told).toEqual([links]);
  });

  it('is told to the session that is there by then', async () => {
    const { finder } = setup([links]);
    const [one, other] = [listener(), listener()];
    finder.begin(one);
    finder.end();
    finder.begin(other);
    await settled();
    expect([one.told, other.told]).toEqual([[], [links]]);
    finder.end();
    finder.lookAgain();
    await settled();
    expect(other.told).toHaveLength(1);
  });

  it('is given up when it cannot be known', async () => {
    const { finder, warnings, asked } = setup([new Error('gone'), links]);
    const session = listener();
    finder.begin(session);
    await settled();
    finder.lookAgain();
    await settled();
    expect([session.told.length, asked(), warnings.length]).toEqual([0, 1, 1]);
  });
});

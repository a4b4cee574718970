import { afterEach } from 'vitest';

import { writeDownWindows } from './writeDownWindows.ts';

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    await writeDownWindows(task.name);
  }
});

import { scriptedSetup } from './scriptedSetup.ts';
import { describeProvider } from './suite.ts';

describeProvider(
  'scripted, with a search and a lock',
  scriptedSetup('searched', {
    duplicateRequest: 'a backend without names cannot tell a repeated request from another one',
  }),
);

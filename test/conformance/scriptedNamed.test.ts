import { scriptedSetup } from './scriptedSetup.ts';
import { describeProvider } from './suite.ts';

describeProvider('scripted, with names the client chooses', scriptedSetup('named', {}));

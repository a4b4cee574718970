import { directSetup } from './scriptedSetup.ts';
import { describeProvider } from './suite.ts';

describeProvider('scripted, in the same process', directSetup());

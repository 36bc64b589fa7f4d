import { testTwins } from './quarter.ts';

testTwins(0);

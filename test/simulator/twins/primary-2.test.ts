import { testTwins } from './quarter.ts';

testTwins(2);

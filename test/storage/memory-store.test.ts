import { describe } from 'vitest';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { storeSuite } from './store-suite.ts';

describe('MemoryStore', () => {
  storeSuite(() => Promise.resolve({ store: new MemoryStore(), close: () => Promise.resolve() }));
});

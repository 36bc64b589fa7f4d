import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { validatorIndex } from '../../src/base/brand.ts';
import type { DriverNote } from '../../src/driver/ports.ts';
import { NodeObserver } from '../../src/node/observer.ts';
import { Outcomes } from '../../src/node/outcomes.ts';

function observed() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const halts: Error[] = [];
  return { lines, halts, observer: new NodeObserver(logger, new Outcomes(), (error) => void halts.push(error)) };
}

const misbehaviour = (index: number, code: string, message: string): DriverNote => ({
  kind: 'misbehaviour',
  peer: `peer-${index}`,
  validator: validatorIndex(index),
  code,
  message,
});

describe('what the driver tells', () => {
  it('of misbehaviour is counted for each validator and code, and logged ever more seldom', () => {
    const { observer, lines } = observed();
    for (let i = 1; i <= 1000; i++) observer.note(misbehaviour(3, 'BAD_SIGNATURE', `number ${i}`));
    observer.note(misbehaviour(3, 'MALFORMED', 'garbage'));
    observer.note(misbehaviour(2, 'MALFORMED', 'garbage'));
    expect(observer.misbehaviour()).toEqual([
      { validator: 3, code: 'BAD_SIGNATURE', count: 1000, last: 'number 1000' },
      { validator: 3, code: 'MALFORMED', count: 1, last: 'garbage' },
      { validator: 2, code: 'MALFORMED', count: 1, last: 'garbage' },
    ]);
    expect(lines.map(({ count }) => count)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1, 1]);
  });

  it('of misbehaviour takes bounded memory whatever is invented', () => {
    const { observer } = observed();
    for (let i = 0; i < 3000; i++) observer.note(misbehaviour(1, `CODE_${i}`, 'x'));
    expect(observer.misbehaviour().length).toBe(1024);
  });

  it('of a halt is passed on', () => {
    const { observer, halts } = observed();
    const error = new Error('the disk is full');
    observer.halted(error);
    expect(halts).toEqual([error]);
  });
});

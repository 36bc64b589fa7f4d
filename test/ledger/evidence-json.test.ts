/** Evidence as JSON: nothing of it gets lost, and nothing else is let in. */
import { describe, expect, test } from 'vitest';
import { claimsSigningBytes, type Evidence } from '../../src/ledger/evidence.ts';
import { voteSigningBytes } from '../../src/ledger/vote.ts';
import { claimsBytes, voteBytes } from '../e2e/signed-bytes.ts';
import { evidenceFromJson, evidenceSchema, evidenceToJson } from '../../src/ledger/evidence-json.ts';
import { claimsOf } from '../../src/consensus/messages.ts';
import { CHAIN, H, instanceOf, Pens } from '../consensus/kit.ts';

const pens = new Pens(instanceOf());
const hiding = pens.viewChange(2, 3, { prepared: [pens.prepared(0, 1, H('b'), [2, 3])] });
const examples: readonly Evidence[] = [
  { kind: 'equivocation', first: pens.vote(1, 'prepare', 1, 3, H('a')), second: pens.vote(1, 'commit', 1, 3, H('b')) },
  {
    kind: 'amnesia',
    commit: pens.vote(2, 'commit', 1, 3, H('a')),
    viewChange: { claims: claimsOf(hiding.viewChange), signature: hiding.signature },
  },
];

describe.each(examples)('$kind', (evidence) => {
  const text = JSON.stringify(evidenceToJson(evidence));

  test('is the same after it was text', () => {
    expect(evidenceFromJson(evidenceSchema.parse(JSON.parse(text)))).toEqual(evidence);
  });

  test.each([
    ['a signature of another length', /("signature":")../, '$1'],
    ['a hash in capitals', /("hash":"|"bodyHash":")./, '$1A'],
    ['a negative view', /("view":)/, '$1-'],
    ['another kind', /"kind":"(equivocation|amnesia)"/, '"kind":"silence"'],
  ])('with %s is refused', (_, pattern, replacement) => {
    const changed = text.replace(pattern, replacement);
    expect(changed).not.toBe(text);
    expect(evidenceSchema.safeParse(JSON.parse(changed)).success).toBe(false);
  });
});

test('what is signed can be put together from the JSON, by the words of the design', () => {
  for (const evidence of examples) {
    const json = evidenceToJson(evidence);
    if (evidence.kind === 'equivocation' && json.kind === 'equivocation')
      expect(voteBytes(CHAIN, json.first.vote)).toEqual(voteSigningBytes(CHAIN, evidence.first.vote));
    if (evidence.kind === 'amnesia' && json.kind === 'amnesia')
      expect(claimsBytes(CHAIN, json.viewChange.claims)).toEqual(claimsSigningBytes(CHAIN, evidence.viewChange.claims));
  }
});

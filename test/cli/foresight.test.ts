/** What is told of a change before it is signed. */
import { describe, expect, it } from 'vitest';
import type { ValidatorIndex } from '../../src/base/brand.ts';
import { foresee, type Leaving, type Situation } from '../../src/cli/membership/foresight.ts';
import { firstEpoch } from '../../src/ledger/epoch.ts';
import { parseGenesis } from '../../src/ledger/genesis.ts';
import type { Change } from '../../src/ledger/membership/change.ts';
import { validatorsIn } from '../../src/ledger/membership/validator-record.ts';
import { genesisState } from '../../src/ledger/state/ledger-state.ts';
import { developmentNetwork } from '../../src/node/development.ts';

/** A network at its beginning. `away`: whom nobody sees. */
function situation(stakes: readonly bigint[] | number, away: readonly number[] = []): Situation {
  const size = typeof stakes === 'number' ? stakes : stakes.length;
  const rules = typeof stakes === 'number' ? {} : { stakes };
  const genesis = parseGenesis(developmentNetwork(size, undefined, rules).genesisText);
  if (!genesis.ok) throw new Error(genesis.error.message);
  const records = [...validatorsIn(genesisState(genesis.value).source)];
  const live = records.map(({ index }) => index).filter((index) => !away.includes(index));
  return { records, running: firstEpoch(genesis.value), mode: genesis.value.consensus.mode, live: new Set(live) };
}

const index = (validator: number): ValidatorIndex => validator as ValidatorIndex;
const { validators, accounts } = developmentNetwork(16);
const [newcomer] = validators.slice(15);
if (newcomer === undefined) throw new Error('a newcomer');
const account =
  accounts[0]?.address ??
  (() => {
    throw new Error('an account');
  })();

const remove = (validator: number): Change => ({ kind: 'remove-validator', validator: index(validator) });
const rotate = (validator: number): Change => ({
  kind: 'rotate-validator',
  validator: index(validator),
  publicKey: newcomer.publicKey,
  peerId: null,
});
const unbond = (validator: number, amount: bigint): Leaving => ({
  kind: 'unbond',
  validator: index(validator),
  amount,
});
const { name, publicKey, peerId } = newcomer;
const admit: Change = { kind: 'admit-validator', name, publicKey, peerId, account };
const lowerShare: Change = { kind: 'set-parameter', name: 'holderShareMax', value: 3000n };

describe('before a change is signed', () => {
  it.each<[string, Situation, Change | Leaving, (readonly [string, boolean])[]]>([
    ['one of seven goes', situation(7), remove(3), []],
    ['one of five goes', situation(5), remove(3), []],
    ['one of four goes', situation(4), remove(3), [['TOO_FEW', true]]],
    ['one of five goes while nothing commits anyway', situation(5, [0, 1]), remove(3), [['LIVE_POWER', false]]],
    ['one of seven goes while two are away', situation(7, [0, 1]), remove(3), [['LIVE_POWER', true]]],
    ['one that is away goes, and a quorum is left', situation(7, [0, 1]), remove(1), []],
    ['somebody comes', situation(4), admit, []],
    ['somebody comes while one is away', situation(4, [2]), admit, [['LIVE_POWER', true]]],
    ['a key changes', situation(4), rotate(0), []],
    ['a key changes while another one is away', situation(4, [1]), rotate(0), [['LIVE_POWER', true]]],
    ['the greatest has a third already', situation([40n, 30n, 20n, 10n]), unbond(3, 1n), [['GREAT_HOLDER', false]]],
    [
      'another leaves, and the greatest gets a third',
      situation([30n, 20n, 20n, 20n, 10n]),
      unbond(1, 20n),
      [['GREAT_HOLDER', true]],
    ],
    ['one bonds out of the least stake', situation([30n, 30n, 30n, 30n]), unbond(0, 30n), [['TOO_FEW', true]]],
    ['nobody may have more than a part any more', situation([40n, 30n, 20n, 10n]), lowerShare, []],
  ])('%s: its dangers are told', (_, before, change, dangers) => {
    const told = foresee(before, change).dangers.map(({ code, refuses }) => [code, refuses]);
    expect(told).toEqual(dangers);
  });

  it('the numbers are told: who is in, what is a quorum, and who is there', () => {
    const { members, total, quorum, live, holder } = foresee(situation([40n, 30n, 20n, 10n, 9n], [1]), remove(4));
    expect(members.map((member) => [member.index, member.power, member.live])).toEqual([
      [0, 40n, true],
      [1, 30n, false],
      [2, 20n, true],
      [3, 10n, true],
    ]);
    expect([total, quorum, live]).toEqual([100n, 67n, 70n]);
    expect(holder).toEqual({ validators: [0], power: 40n });
  });

  it('who would be kept, since too few were left without, is marked', () => {
    const { members } = foresee(situation(4), remove(2));
    expect(members.filter(({ kept }) => kept).map((member) => member.index)).toEqual([2]);
  });
});

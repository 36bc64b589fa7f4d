/** Accounts that a node has to prove: over HTTP from a node that is honest, and from nodes that lie. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountJson } from '../../src/api/block.ts';
import { type StateProofJson } from '../../src/api/state.ts';
import { type Address, address } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { Random } from '../../src/base/random.ts';
import { fromHex, toHex } from '../../src/codec/hex.ts';
import { type Account, verifyAccount } from '../../src/client/account.ts';
import { Client } from '../../src/client/client.ts';
import { ClientError } from '../../src/client/errors.ts';
import { verifyStateProof } from '../../src/client/state-proof.ts';
import type { ReadOptions } from '../../src/client/state-reads.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { ACCOUNTS } from '../../src/ledger/account.ts';
import { validatorSet } from '../../src/ledger/validators.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { MemoryStore } from '../../src/storage/memory-store.ts';
import { BLOCK_MS, genesisKeeping, LongChain } from '../node/state/long-chain.ts';
import { type Harness, start } from '../rpc/harness.ts';
import { FakeNode, json } from './server.ts';

const SEED = Number(process.env['SEED'] ?? 20_261_122);
const nobody = address('77'.repeat(32));

let chain: LongChain;
let alice: Address;
let bob: Address;
let honest: Harness;

beforeAll(async () => {
  const genesis = genesisKeeping(0);
  [alice, bob] = [...genesis.accounts].map((account) => account.address) as [Address, Address];
  chain = await LongChain.open(new MemoryStore(), genesis);
  chain.isCertified = (height) => height % 3 === 0;
  for (let i = 1; i <= 12; i++) await chain.append([{ from: alice, to: bob, amount: BigInt(i) }]);
  honest = await start();
  honest.gateway.state = chain.reader();
});
afterAll(() => honest[Symbol.asyncDispose]());

const clientOf = (url: string): Client => new Client({ urls: [url], genesis: chain.genesis, rounds: 1 });

async function answerOf(path: string): Promise<AccountJson & { proof: StateProofJson }> {
  return (await honest.ask(path)).json() as AccountJson & { proof: StateProofJson };
}

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientError)) throw new Error(`expected a ClientError, got ${String(error)}`);
  return error;
}

describe('a client with a genesis', () => {
  it('believes what a node proves, at any height', async () => {
    const client = clientOf(honest.url);
    for (const who of [alice, bob, nobody])
      for (let height = 0; height <= 12; height++)
        expect(await client.account(who, { height, proof: true })).toMatchObject({ ...chain.has(height, who), height });
  });

  it.each([
    ['the newest', () => ({}), 12],
    ['"latest"', () => ({ height: 'latest' }), 12],
    ['a time', () => ({ time: chain.genesis.timestampMs + 5 * BLOCK_MS + 1 }), 5],
    ['a date', () => ({ time: new Date(chain.genesis.timestampMs + 7 * BLOCK_MS) }), 7],
  ] as const)('asks for %s', async (_, options, height) => {
    const asked: ReadOptions = { ...options(), proof: true };
    const account = await clientOf(honest.url).account(formatAddress(bob, 'tre'), asked);
    expect(account).toMatchObject({ ...chain.has(height, bob), height });
  });

  it('can check an answer again, later and elsewhere, from its JSON', async () => {
    const account = await clientOf(honest.url).account(bob, { height: 4, proof: true });
    const proof = JSON.parse(JSON.stringify(account.proof)) as StateProofJson;
    expect(verifyAccount(chain.genesis, bob, { ...account, proof })).toMatchObject({ ok: true, value: { height: 4 } });
    const value = ACCOUNTS.codec.encode(chain.has(4, bob));
    const proved = verifyStateProof(chain.genesis, { key: `account/${bob}`, value }, proof);
    expect(proved).toMatchObject({
      value: { height: 4, stateRoot: account.stateRoot, timestampMs: account.timestampMs },
    });
  });

  it('hands on why a node cannot answer', async () => {
    const error = await failure(clientOf(honest.url).account(bob, { height: 13, proof: true }));
    expect(error).toMatchObject({ code: 'HEIGHT_UNKNOWN', problem: { oldestHeight: 0 } });
  });

  it('asks nobody where it has no genesis', async () => {
    await using node = new FakeNode();
    const client = new Client({ urls: [await node.start()] });
    expect((await failure(client.account(bob, { proof: true }))).code).toBe('NO_GENESIS');
    expect(node.received).toHaveLength(0);
  });
});

type Lie = (told: AccountJson & { proof: StateProofJson }) => Promise<object> | object;

const lies: readonly (readonly [string, string, Lie])[] = [
  ['another balance', 'WRONG_STATE', (told) => ({ ...told, balance: '1000000000000' })],
  ['another nonce', 'WRONG_STATE', (told) => ({ ...told, nonce: 9 })],
  ['nothing, with the proof of something', 'WRONG_STATE', (told) => ({ ...told, balance: '0' })],
  [
    'nothing, with the proof that somebody else has nothing',
    'WRONG_STATE',
    async (told) => ({
      ...told,
      balance: '0',
      proof: (await answerOf(`/v1/accounts/${nobody}?height=6&proof=true`)).proof,
    }),
  ],
  [
    'what was true at another height, with the proof of that',
    'WRONG_BLOCK',
    async (told) => ({ ...(await answerOf(`/v1/accounts/${bob}?height=3&proof=true`)), height: told.height }),
  ],
  [
    'the proof of another height',
    'WRONG_STATE',
    async (told) => ({ ...told, proof: (await answerOf(`/v1/accounts/${bob}?height=3&proof=true`)).proof }),
  ],
  [
    "somebody else's account, with its proof",
    'WRONG_STATE',
    async (told) => ({
      ...(await answerOf(`/v1/accounts/${alice}?height=6&proof=true`)),
      address: told.address,
    }),
  ],
  [
    'the account of somebody else by name',
    'WRONG_ACCOUNT',
    () => answerOf(`/v1/accounts/${alice}?height=6&proof=true`),
  ],
  ['no proof', 'NO_PROOF', (told) => ({ ...told, proof: undefined })],
  ['another time of the block', 'WRONG_BLOCK', (told) => ({ ...told, timestampMs: 1 })],
  ['another root', 'WRONG_BLOCK', (told) => ({ ...told, stateRoot: '00'.repeat(32) })],
  ['a proof without headers', 'BAD_RESPONSE', (told) => changed(told, { headers: [] })],
  [
    'headers that end before the certificate',
    'BROKEN_CHAIN',
    async () => {
      const told = await answerOf(`/v1/accounts/${bob}?height=5&proof=true`);
      return { ...changed(told, { headers: told.proof.headers.slice(0, 1) }) };
    },
  ],
  [
    'a header of its own before those of the chain',
    'BROKEN_CHAIN',
    (told) => {
      const [header] = told.proof.headers;
      return changed(told, { headers: [present(header, 'a header'), present(header, 'a header')] });
    },
  ],
  [
    'a certificate that is short of a signature',
    'NOT_FINAL',
    (told) => {
      const { signers, signatures, ...rest } = told.proof.certificate;
      return changed(told, { certificate: { ...rest, signers: signers.slice(1), signatures: signatures.slice(1) } });
    },
  ],
  [
    'a signer counted twice',
    'MALFORMED_PROOF',
    (told) => {
      const { signers, signatures, ...rest } = told.proof.certificate;
      const [first = 0] = signers;
      const [signature = ''] = signatures;
      const twice = { signers: [first, first, 1], signatures: [signature, signature, signatures[1] ?? ''] };
      return changed(told, { certificate: { ...rest, ...twice } });
    },
  ],
];

const changed = (told: AccountJson & { proof: StateProofJson }, proof: Partial<StateProofJson>): object => ({
  ...told,
  proof: { ...told.proof, ...proof },
});

describe('a client does not believe', () => {
  it.each(lies)('%s', async (_, code, lie) => {
    const told = await answerOf(`/v1/accounts/${bob}?height=6&proof=true`);
    const answer = await lie(told);
    await using node = new FakeNode(json(200, answer));
    const height = (answer as { readonly height: number }).height;
    const error = await failure(clientOf(await node.start()).account(bob, { height, proof: true }));
    expect(error.code).toBe(code === 'BAD_RESPONSE' ? 'BAD_RESPONSE' : 'BAD_PROOF');
    expect(error.message).toContain(code === 'BAD_RESPONSE' ? 'proof' : code);
  });

  it('an answer for another height, or for a later time, also where nothing is proved', async () => {
    const told = await answerOf(`/v1/accounts/${bob}?height=6`);
    await using node = new FakeNode(json(200, told));
    const client = clientOf(await node.start());
    expect((await failure(client.account(bob, { height: 7 }))).code).toBe('BAD_RESPONSE');
    expect((await failure(client.account(bob, { time: (told.timestampMs ?? 0) - 1 }))).code).toBe('BAD_RESPONSE');
  });

  it('an older block than the last one not after a time', async () => {
    const time = chain.genesis.timestampMs + 8 * BLOCK_MS;
    const older = await answerOf(`/v1/accounts/${bob}?time=${time - BLOCK_MS}&proof=true`);
    await using node = new FakeNode(json(200, older));
    const error = await failure(clientOf(await node.start()).account(bob, { time, proof: true }));
    expect(error).toMatchObject({ code: 'BAD_PROOF', message: expect.stringContaining('not after that time either') });
  });

  it('an older block than that whose successor is left out, as if there were none', async () => {
    const time = chain.genesis.timestampMs + 6 * BLOCK_MS;
    const older = await answerOf(`/v1/accounts/${bob}?height=3&proof=true`);
    expect(older.proof.headers).toHaveLength(1);
    await using node = new FakeNode(json(200, older));
    const error = await failure(clientOf(await node.start()).account(bob, { time, proof: true }));
    expect(error).toMatchObject({ code: 'BAD_PROOF', message: expect.stringContaining('NOT_LAST') });
  });

  it('that the newest block is the last one not after a time, until a later block shows it', async () => {
    const time = chain.genesis.timestampMs + 99 * BLOCK_MS;
    const client = clientOf(honest.url);
    const error = await failure(client.account(bob, { time, proof: true }));
    expect(error).toMatchObject({ code: 'BAD_PROOF', hint: expect.stringContaining('without a time for the newest') });
    expect(await client.account(bob, { time })).toMatchObject({ height: 12 });
    expect(await client.account(bob, { proof: true })).toMatchObject({ height: 12 });
  });

  it('a chain that others than the validators of its genesis signed', async () => {
    const others = developmentNetwork(7).validators.slice(3);
    const { members: validators } = chain.genesis.validators;
    const set = validatorSet(
      validators.map((each, i) => ({ ...each, publicKey: present(others[i], 'a key').publicKey })),
    );
    const client = new Client({ urls: [honest.url], genesis: { ...chain.genesis, validators: set } });
    const error = await failure(client.account(bob, { height: 6, proof: true }));
    expect(error).toMatchObject({ code: 'BAD_PROOF', message: expect.stringContaining('NOT_FINAL') });
  });

  it('an answer of which one bit is another, wherever that is', async () => {
    const random = new Random(SEED);
    const told = await clientOf(honest.url).account(bob, { height: 5, proof: true });
    expect(verifyAccount(chain.genesis, bob, told).ok).toBe(true);
    const all = { ...told, proof: present(told.proof, 'a proof') };
    for (let i = 0; i < 400; i++) {
      const { value, path } = spoilOne(all, random);
      // Nothing proves what waits at a node.
      if (path === '.pendingNonce') continue;
      if (verifyAccount(chain.genesis, bob, value as Account).ok) throw new Error(`${path}, seed ${SEED}`);
    }
  });
});

interface Spoilt {
  readonly value: unknown;
  /** Where. */
  readonly path: string;
}

/** Changes a bit of some number or text below. */
function spoilOne(value: unknown, random: Random, path = ''): Spoilt {
  if (typeof value === 'bigint') return { value: value ^ (1n << BigInt(random.int(0, 40))), path };
  if (typeof value === 'number') return { value: Number(BigInt(value) ^ (1n << BigInt(random.int(0, 40)))), path };
  if (typeof value === 'string') return { value: spoilText(value, random), path };
  const inside = value as Readonly<Record<string, unknown>>;
  const name = random.pick(Object.keys(inside));
  const inner = spoilOne(inside[name], random, `${path}.${name}`);
  const copy = Array.isArray(value) ? value.with(Number(name), inner.value) : { ...inside, [name]: inner.value };
  return { value: copy, path: inner.path };
}

function spoilText(text: string, random: Random): string {
  if (/^([0-9a-f]{2})+$/.test(text)) {
    const bytes = fromHex(text);
    const at = random.int(0, bytes.length - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7));
    return toHex(bytes);
  }
  const at = random.int(0, text.length - 1);
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << random.int(0, 6))) + text.slice(at + 1);
}

/** What the changing commands of `trefoil validator` do. */
import { z } from 'zod';
import type { ValidatorIndex } from '../../base/brand.ts';
import { fromHex } from '../../codec/hex.ts';
import { nameField, peerIdField, publicKeyField } from '../../ledger/operations/membership-fields.ts';
import { isEd25519PeerId } from '../../ledger/peer-id.ts';
import { readBoundedFile } from '../files.ts';
import { type Answer, CommandError, EXIT, type Output } from '../output.ts';
import { addressOf } from '../people.ts';
import { answerOf, send, surroundingsOf } from '../submission.ts';
import { clientOf } from '../target.ts';
import { type OwnerOptions, ownValidator } from './own.ts';
import { propose, type ProposeOptions } from './propose.ts';

export interface RotateOptions extends ProposeOptions {
  readonly publicKey?: Uint8Array;
  readonly peerId?: string;
}

/** Bytes of a file that says who a validator is: five times what it needs. */
const FILE_BYTES_MAX = 2048;

const newcomerSchema = z.strictObject({
  name: nameField.schema,
  account: z.string(),
  publicKey: publicKeyField.schema,
  peerId: peerIdField.schema.refine(isEd25519PeerId, { error: 'must be the peer id of an ed25519 key' }),
});

export async function addValidator(file: string, options: ProposeOptions, output: Output): Promise<Answer> {
  const { account: who, publicKey, ...rest } = await readNewcomer(file);
  return propose(options, output, `${rest.name} as a validator`, async ({ directory }) => ({
    kind: 'admit-validator',
    ...rest,
    account: await addressOf(who, directory),
    publicKey: fromHex(publicKey),
  }));
}

export const removeValidator = (index: number, options: ProposeOptions, output: Output): Promise<Answer> =>
  propose(options, output, `validator ${index} out of the set`, async () => ({
    kind: 'remove-validator',
    validator: index as ValidatorIndex,
  }));

export async function rotateValidator(index: number, options: RotateOptions, output: Output): Promise<Answer> {
  const { publicKey = null, peerId = null } = options;
  if (publicKey === null && peerId === null)
    throw new CommandError('USAGE', 'no new key', 'Give --public-key, --peer-id, or both.', EXIT.usage);
  const validator = index as ValidatorIndex;
  const change = { kind: 'rotate-validator', validator, publicKey, peerId } as const;
  return propose(options, output, `new keys of validator ${index}`, async () => change);
}

export async function unjail(options: OwnerOptions): Promise<Answer> {
  const client = clientOf(options);
  const surroundings = await surroundingsOf(client, options);
  const validator = await ownValidator(client, surroundings, options);
  const status = await send(client, surroundings, options, [{ kind: 'unjail', validator }]);
  return answerOf(options, `validator ${validator} out of jail`, status);
}

const bad = (what: string): CommandError =>
  new CommandError('BAD_FILE', what, '`trefoil validator add --help` has an example of such a file.');

async function readNewcomer(file: string): Promise<z.infer<typeof newcomerSchema>> {
  const bytes = await readBoundedFile(file, FILE_BYTES_MAX, bad);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw bad(`${file}: ${error instanceof Error ? error.message : 'no JSON'}`);
  }
  const parsed = newcomerSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw bad(`${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}

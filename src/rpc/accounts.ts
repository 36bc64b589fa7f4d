/** Accounts: as executed here, or as of a final block, with a proof. */
import type { FastifyInstance } from 'fastify';
import type { AccountJson } from '../api/block.ts';
import { ROUTES } from '../api/routes.ts';
import { parseStateQuery } from '../api/state.ts';
import { type Address, isAddress } from '../base/brand.ts';
import { ok, type Result } from '../base/result.ts';
import { parseAddress } from '../crypto/address.ts';
import { ACCOUNTS, NO_ACCOUNT } from '../ledger/account.ts';
import type { Gateway } from './gateway.ts';
import { refuse, unreadable } from './refuse.ts';
import type { Renderer } from './render.ts';

interface AccountContext {
  readonly gateway: Gateway;
  readonly renderer: Renderer;
  readonly addressPrefix: string;
}

export function accountRoute(app: FastifyInstance, { gateway, renderer, addressPrefix }: AccountContext): void {
  app.get<{ Params: { address: string } }>(ROUTES.account, async (request, reply) => {
    const address = addressOf(request.params.address, addressPrefix);
    if (!address.ok) return refuse(reply, 'BAD_ADDRESS', address.error.message);
    const query = parseStateQuery(request.query);
    if (!query.ok) return refuse(reply, query.error.code, query.error.message);
    const now = await gateway.account(address.value);
    const { at, proof: withProof } = query.value;
    if (at === undefined) return renderer.account(now);
    const read = await gateway.state.read(ACCOUNTS.key(address.value), at, withProof);
    if (!read.ok) return unreadable(reply, read.error);
    const { header, value = NO_ACCOUNT, proof } = read.value;
    const { height, timestampMs, stateRoot } = header;
    return {
      ...renderer.account({ ...now, ...value, height }),
      timestampMs,
      stateRoot,
      ...(proof && { proof: renderer.stateProof(proof) }),
    } satisfies AccountJson;
  });
}

/** bech32m with the network's prefix, or 64 hexadecimal digits. Error: BAD_ADDRESS. */
export function addressOf(text: string, prefix: string): Result<Address> {
  const lower = text.toLowerCase();
  return isAddress(lower) ? ok(lower) : parseAddress(text, prefix);
}

/** Leases of keys, which the lock and the election are made of. */
import { height as toHeight } from '../src/base/brand.ts';
import { type Operation, type Party, type Version, versionText } from './party.ts';

/** Heights for which a lease is taken. The clock of a lease is the chain: an owner that is gone for good is in the way for so many
 *  blocks, and everybody's transactions make blocks, those of the others who wait for the lease too. */
const LEASE_HEIGHTS = 10;

/** Takes the lease of the key, as soon as nobody else has it. Gives its token. */
export async function takeLease(party: Party, namespace: string, key: string): Promise<Version> {
  for (let isTold = false; ; ) {
    const { lease, height } = await party.client.data.entry(namespace, key);
    if (lease === undefined || lease.until <= height) {
      const token = await requestLease(party, height, { namespace, key, condition: { kind: 'any' } });
      if (token !== undefined) return token;
    } else if (!isTold) {
      party.say(`waits: another has the lease of ${key} up to height ${lease.until}`);
      isTold = true;
    }
    await party.untilBlock(height + 1);
  }
}

/** Makes the party's own lease longer, unless another has taken it meanwhile. The new token is greater. */
export async function renewLease(party: Party, namespace: string, key: string, token: Version): Promise<Version> {
  const { height } = await party.client.data.entry(namespace, key);
  const renewed = await requestLease(party, height, { namespace, key, condition: token });
  if (renewed === undefined) throw new Error(`${party.name} has lost the lease of ${key}`);
  return renewed;
}

type Wish = Omit<Extract<Operation, { readonly kind: 'lease' }>, 'kind' | 'until'>;

/** Undefined where another was first, or so many blocks came meanwhile that the lease would be over. */
async function requestLease(party: Party, height: number, wish: Wish): Promise<Version | undefined> {
  const until = toHeight(height + LEASE_HEIGHTS);
  const { code, version } = await party.submit({ kind: 'lease', ...wish, until });
  if (code === 'LEASED' || code === 'CONDITION_FAILED' || code === 'UNTIL_OUT_OF_RANGE') return undefined;
  if (code !== 'OK') throw new Error(`no lease of ${wish.key} for ${party.name}: ${code}`);
  party.say(`has the lease of ${wish.key} up to height ${until}, with the token ${versionText(version)}`);
  return version;
}

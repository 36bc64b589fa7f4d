/** What happens to the members of a testnet, as the screen tells it: who is punished and what for, and who votes with what power. */
import { ClientError } from '../../client/errors.ts';
import type { ListedTold, ValidatorTold } from '../../client/membership-values.ts';
import type { Client } from '../../client/client.ts';
import { evidencePath } from '../../api/routes.ts';
import { httpUrl } from './layout.ts';
import { clientOfNode, type Observation } from './observe.ts';

/** What is known of a validator. */
type Known = Pick<ListedTold, 'status' | 'offences' | 'slashed'>;

export class MembersWatch {
  readonly #known = new Map<number, Known>();
  #powers = '';

  /** What is news since it was last asked, as the first honest node that answers says; at first what was before. */
  async news(observations: readonly Observation[]): Promise<readonly string[]> {
    const node = observations.find(({ node, status }) => status !== undefined && node.byzantine === undefined)?.node;
    if (node === undefined) return [];
    const client = clientOfNode(node);
    try {
      const { epoch, validators } = await client.membership.validators();
      const lines: string[] = [];
      for (const listed of validators) {
        const before = this.#known.get(listed.index);
        const line = await storyOf(client, listed, before, httpUrl(node));
        this.#known.set(listed.index, listed);
        if (line !== undefined) lines.push(line);
      }
      return [...lines, ...this.#powersLine(epoch, validators)];
    } catch (error) {
      // It went away in between; the next one is asked soon.
      if (error instanceof ClientError) return [];
      throw error;
    }
  }

  #powersLine(epoch: number, validators: readonly ListedTold[]): readonly string[] {
    const seated = validators.filter(({ power }) => power > 0n);
    const powers = seated.map(({ index, power, kept }) => `${index}: ${power}${kept ? ' (kept)' : ''}`).join(', ');
    const isNews = this.#powers !== '' && powers !== this.#powers;
    this.#powers = powers;
    return isNews ? [`Epoch ${epoch} has other members. Their powers: ${powers}.`] : [];
  }
}

async function storyOf(
  client: Client,
  now: ListedTold,
  before: Known | undefined,
  url: string,
): Promise<string | undefined> {
  const isPunished = now.offences > (before?.offences ?? 0) || now.slashed > (before?.slashed ?? 0n);
  if (isPunished) return punishmentText(await client.membership.validator(now.index), before, url);
  if (before === undefined || before.status === now.status) return undefined;
  const { explanation } = await client.membership.validator(now.index);
  return `Validator ${now.index} is ${now.status}. ${explanation}`;
}

/** Who, what for, how much, from when on, and where the proof is. */
function punishmentText(told: ValidatorTold, before: Pick<Known, 'slashed'> | undefined, url: string): string {
  const { index, slashed, stake, status, explanation, evidence } = told;
  const lost = slashed - (before?.slashed ?? 0n);
  const cut = lost > 0n ? ` It lost ${lost} of ${stake + lost}.` : '';
  const proof =
    evidence.length > 0 ? ` Download the proof, for \`trefoil forensics verify\`: ${url}${evidencePath(index)}` : '';
  return `Validator ${index} is punished, and ${status}.${cut} ${explanation}${proof}`;
}

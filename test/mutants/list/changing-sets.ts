/** Bugs that show where one set of validators hands over to the next. */
import { edit, type Mutant } from '../mutant.ts';

const PROTOCOL = 'driver/agreement/protocol.ts';
const JUDGE = 'driver/bodies/judge.ts';

export const changingSetMutants: readonly Mutant[] = [
  {
    name: 'quorum-of-the-old-set',
    clause: 'members',
    breaks: 'counts votes of the new epoch by the set of the one before',
    edits: [
      edit(
        PROTOCOL,
        '      ...epoch,\n      chainId: genesis.chainId,',
        '      ...epoch,\n      validators: (this.#replica?.instance ?? epoch).validators,\n      chainId: genesis.chainId,',
      ),
    ],
    directed: { members: true, powers: [1n, 2n, 2n, 1n, 1n], liars: [], faults: [] },
  },
  {
    name: 'certificate-by-the-height-of-its-bearer',
    clause: 'members',
    breaks: 'judges the certificate that the first body of an epoch carries by the set of that epoch',
    edits: [edit(JUDGE, 'epochs.at(body.certificate.height)', 'epochs.at(height)')],
    directed: { members: true, powers: [1n, 1n, 1n, 1n, 1n], liars: [], faults: [] },
  },
];

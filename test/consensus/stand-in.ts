import { standIn } from '../../src/simulator/world/stand-in.ts';

/** The simulator's stand-in for ed25519: whoever knows the public key can sign. */
export const standInSignature = standIn.sign;

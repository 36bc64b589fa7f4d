/** Headers of blocks, and certificates. */
import { z } from 'zod';
import { hashText, natural, signatureText, validatorNumber } from './scalars.ts';

export const headerSchema = z.object({
  chainId: hashText,
  height: natural,
  epoch: natural,
  parentHash: hashText,
  bodyHash: hashText,
  transactionsRoot: hashText,
  receiptsRoot: hashText,
  stateRoot: hashText,
  historyRoot: hashText,
  validatorsHash: hashText,
  nextValidatorsHash: hashText,
  timestampMs: natural,
  proposer: validatorNumber.describe('65535: nobody, the body was empty by a view change'),
});

/** More than two thirds of the power signed the block. */
export const certificateSchema = z.object({
  epoch: natural,
  height: natural,
  blockHash: hashText,
  signers: z.array(validatorNumber).describe('By growing index'),
  signatures: z.array(signatureText).describe('In the order of the signers'),
});
export type CertificateJson = z.infer<typeof certificateSchema>;

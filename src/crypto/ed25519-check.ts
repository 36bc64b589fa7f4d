/**
 * What a backend has to answer before a node trusts it: RFC 8032's examples, and the signatures on which libraries are
 * known to differ. A node checks this at every start, because its runtime may have been replaced.
 */
import { invariant } from '../base/invariant.ts';
import { fromHex, toHex } from '../codec/hex.ts';
import type { Ed25519 } from './ed25519.ts';

/** Hexadecimal; a signature is r and then s. */
interface VerifyingCase {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly r: string;
  readonly s: string;
  readonly valid: boolean;
}

/** Throws InvariantViolation, naming the case, where the backend does not compute the predicate. */
export function checkEd25519(backend: Ed25519): void {
  for (const example of RFC_8032_EXAMPLES) {
    const { name } = example;
    const secretKey = fromHex(example.secretKey);
    const signature = toHex(backend.sign(secretKey, fromHex(example.message)));
    const agrees = toHex(backend.publicKey(secretKey)) === example.publicKey && signature === example.r + example.s;
    invariant(agrees, 'an ed25519 backend signs as the predicate says', { backend: backend.name, case: name });
    checkVerdict(backend, { ...example, valid: true });
  }
  for (const edge of EDGE_CASES) checkVerdict(backend, edge);
  checkLengths(backend);
}

function checkVerdict(backend: Ed25519, expected: VerifyingCase): void {
  const signature = fromHex(expected.r + expected.s);
  const verdict = backend.verify(fromHex(expected.publicKey), fromHex(expected.message), signature);
  invariant(verdict === expected.valid, 'an ed25519 backend agrees with the predicate', {
    backend: backend.name,
    case: expected.name,
    verdict,
  });
}

/** Too short and too long by one, of a signature that is valid otherwise, and with bytes after it. */
function checkLengths(backend: Ed25519): void {
  for (const { publicKey, message, r, s } of RFC_8032_EXAMPLES) {
    for (const [key, signature] of [
      [publicKey.slice(2), r + s],
      [`${publicKey}00`, r + s],
      [publicKey, (r + s).slice(0, -2)],
      [publicKey, `${r}${s}00`],
      [publicKey, ''],
      ['', r + s],
    ] as const) {
      const verdict = backend.verify(fromHex(key), fromHex(message), fromHex(signature));
      invariant(!verdict, 'an ed25519 backend refuses keys and signatures of a wrong length', {
        backend: backend.name,
        key,
        signature,
      });
    }
  }
}

/** RFC 8032, 7.1. */
const RFC_8032_EXAMPLES: readonly (Omit<VerifyingCase, 'valid'> & { readonly secretKey: string })[] = [
  {
    name: 'TEST 1',
    secretKey: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    r: 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155',
    s: '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'TEST 2',
    secretKey: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    r: '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da',
    s: '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    name: 'TEST 3',
    secretKey: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    r: '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac',
    s: '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

/**
 * Computed for this table. In each case that is not about S, about a point off the curve or about the message, the equation
 * holds: for a verifier that decodes leniently or multiplies by the cofactor, the signature is valid.
 */
const EDGE_CASES: readonly VerifyingCase[] = [
  {
    name: 'an honest signature',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '376af95db5f09a340682299b8941969a3f3953f09d4bdeee4da7b4b97c6c5303',
    valid: true,
  },
  {
    name: 'S + L',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '243eefbacf53ad8cdc1e213e683b75af3f3953f09d4bdeee4da7b4b97c6c5313',
    valid: false,
  },
  {
    name: 'A is the identity',
    publicKey: '0100000000000000000000000000000000000000000000000000000000000000',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A of order 8, where [k]A is the identity',
    publicKey: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    message: '0005',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A of order 2',
    publicKey: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    message: '0001',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A of order 4',
    publicKey: '0000000000000000000000000000000000000000000000000000000000000000',
    message: '0002',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A is the identity, y = p + 1',
    publicKey: 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A is the identity, x = 0 with a sign',
    publicKey: '0100000000000000000000000000000000000000000000000000000000000080',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A of order 4, y = p',
    publicKey: 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'A of order 2, x = 0 with a sign',
    publicKey: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    message: '0001',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'R is the identity',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: '0100000000000000000000000000000000000000000000000000000000000000',
    s: '12a8da581a6dcbc751be4ed0499de872523e3be1ad5747152aaf426bdc765b03',
    valid: false,
  },
  {
    name: 'R is the identity, y = p + 1',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    s: '6abf35bf6aa39bb98eecd3162aa220cbe0bc551146006ea9d8ad9a785e614505',
    valid: false,
  },
  {
    name: 'R is the identity, x = 0 with a sign',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: '0100000000000000000000000000000000000000000000000000000000000080',
    s: '0dcaaba502129e2c75a8ec870e488629bea675025968092137fc04ae44a03f09',
    valid: false,
  },
  {
    name: 'A and R are the identity, S = 0',
    publicKey: '0100000000000000000000000000000000000000000000000000000000000000',
    message: '0000',
    r: '0100000000000000000000000000000000000000000000000000000000000000',
    s: '0000000000000000000000000000000000000000000000000000000000000000',
    valid: false,
  },
  {
    name: 'R of order 8, cancelled by the torsion of A',
    publicKey: '3b5b475c4b82dd1572799fc546f4c6c03e478c6654aa4c7f945b347ea32af60d',
    message: '0004',
    r: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    s: '697472f014eb424469057296592f23c50277c45e81a804c5859bb8bc154fcf0a',
    valid: false,
  },
  {
    name: 'A of mixed order, [k] removes its torsion',
    publicKey: '3b5b475c4b82dd1572799fc546f4c6c03e478c6654aa4c7f945b347ea32af60d',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '668f87760f71dd0cc7c608ba47193c7d018b72998aa5b446c7580ed415f8ad02',
    valid: true,
  },
  {
    name: 'A and R of mixed order, torsions cancel',
    publicKey: '3b5b475c4b82dd1572799fc546f4c6c03e478c6654aa4c7f945b347ea32af60d',
    message: '0000',
    r: '5b61c2e3b93e6c06450f327ea72cdfeb8cde6aa020d2dd827ab3f86e708c8393',
    s: '8601e53a4873c41edc8dd6ea996ca3bc59982578bfb8844a87b95c85606cad02',
    valid: true,
  },
  {
    name: 'A of mixed order, holds only with the cofactor',
    publicKey: '3b5b475c4b82dd1572799fc546f4c6c03e478c6654aa4c7f945b347ea32af60d',
    message: '0001',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: 'ef4ee9ba8080a4e5b45e60f7bb304a27344f5da55466d25fcb165dfc2660f702',
    valid: false,
  },
  {
    name: 'R of mixed order, holds only with the cofactor',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: '607055ca3d4aa8af26961afb12b1e60a75fac88f9c260ff25806631dbb269159',
    s: 'd0d6a2c626a91ae7b1158ace4341fb641e94d345b8ace4bb240fbaf727130703',
    valid: false,
  },
  {
    name: 'A is no point of the curve',
    publicKey: '0200000000000000000000000000000000000000000000000000000000000000',
    message: '0000',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '2e77a7db3b2f65a47efd3cf9bbe5f05486e88756c8cc06c7691f6d5679727502',
    valid: false,
  },
  {
    name: 'R is no point of the curve',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0000',
    r: '0200000000000000000000000000000000000000000000000000000000000000',
    s: '5f957e74b107e9f8fb3d86fe1b472e02271c64ed0f9b4a3142796bd2d030100b',
    valid: false,
  },
  {
    name: 'another message',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '0001',
    r: '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a',
    s: '376af95db5f09a340682299b8941969a3f3953f09d4bdeee4da7b4b97c6c5303',
    valid: false,
  },
];

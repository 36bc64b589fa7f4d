/** Seeded bugs in what becomes of proofs, and in what a primary is told before it is held against it. */
import { edit, type Mutant } from '../mutant.ts';

export const evidenceMutants: readonly Mutant[] = [
  {
    name: 'amnesia-unnoticed',
    clause: 'A4',
    breaks: 'says nothing of what VIEW-CHANGEs hide',
    edits: [edit('consensus/evidence.ts', 'if (!hides(commit, claims)) return;', 'if (claims.view > 0) return;')],
    directed: { liars: [{ validator: 1, strategy: 'hide-prepared' }], faults: ['loss', 'delay'] },
  },
  {
    name: 'amnesia-of-the-settled',
    clause: 'A4',
    breaks: 'calls it amnesia when a VIEW-CHANGE shows the certificate of a height in place of what was prepared there',
    edits: [
      edit(
        'consensus/evidence.ts',
        'if (claims.view <= vote.view || claims.stableHeight >= vote.height) return false;',
        'if (claims.view <= vote.view) return false;',
      ),
    ],
    directed: { faults: ['partition', 'crash', 'loss'] },
  },
  {
    name: 'amnesia-of-the-overtaken',
    clause: 'A4',
    breaks: 'calls it amnesia when a VIEW-CHANGE shows what was prepared in a later view than that of the COMMIT',
    edits: [
      edit(
        'consensus/evidence.ts',
        'height === vote.height && (view > vote.view || (view === vote.view && bodyHash === vote.hash)),',
        'height === vote.height && view === vote.view && bodyHash === vote.hash,',
      ),
    ],
    directed: { tests: 'test/consensus/amnesia.test.ts' },
  },
  {
    name: 'amnesia-forgotten-with-the-view',
    clause: 'A4',
    breaks: 'forgets the COMMITs of a height when it is certified',
    edits: [
      edit(
        'consensus/checkpoint.ts',
        'for (const height of replica.lastCommits.keys()) if (height <= low) replica.lastCommits.delete(height);',
        'for (const height of replica.lastCommits.keys()) if (height <= stable) replica.lastCommits.delete(height);',
      ),
    ],
    directed: { tests: 'test/consensus/amnesia.test.ts' },
  },
  {
    name: 'claims-without-certificates',
    clause: 'V3',
    breaks: 'signs a VIEW-CHANGE without the hash of its certificates, so that who passes it on can change them',
    edits: [
      edit(
        'consensus/messages.ts',
        'certificates: sha256Hash(viewChangeProofCodec.encode({ stable, prepared: [...prepared] })),',
        'certificates: sha256Hash(viewChangeProofCodec.encode({ stable: null, prepared: [] })),',
      ),
    ],
    directed: { tests: 'test/consensus/amnesia.test.ts' },
  },
  {
    name: 'evidence-makes-immune',
    clause: 'A1',
    breaks: 'proves nothing more against who stands in the chain once, whatever it does in later epochs',
    edits: [
      edit(
        'driver/agreement/accusations.ts',
        'return (held !== undefined && !isGraver) || this.#context.chain.offences.has(key);',
        'return (held !== undefined && !isGraver) || this.#context.chain.offences.hasOf(key);',
      ),
      edit(
        'driver/durability/recorded-offences.ts',
        '  has(key: string): boolean {',
        '  hasOf(key: string): boolean {\n' +
          "    return [...this.#byKey.keys()].some((each) => each.split('/')[1] === key.split('/')[1]);\n" +
          '  }\n\n  has(key: string): boolean {',
      ),
    ],
    directed: { transcript: 'evidence-under-load' },
  },
  {
    name: 'evidence-only-when-idle',
    clause: 'A2',
    breaks: 'proposes no evidence while bodies are in flight, which under load they always are',
    edits: [
      edit(
        'driver/agreement/proposer.ts',
        'evidence: [...accusations],',
        'evidence: inFlight > 0 ? [] : [...accusations],',
      ),
    ],
    directed: { transcript: 'evidence-under-load' },
  },
  {
    name: 'evidence-kept-to-itself',
    clause: 'A1',
    breaks: 'waits with a proof until it is primary itself',
    edits: [
      edit('driver/agreement/accusations.ts', "this.#context.outbox.broadcast({ kind: 'evidence', evidence });", ''),
      edit(
        'driver/agreement/accusations.ts',
        "this.#context.outbox.sendTo(this.#context.roster.peerOf(primary), { kind: 'evidence', evidence });",
        '',
      ),
      edit(
        'driver/agreement/accusations.ts',
        "this.#context.outbox.ask({ kind: 'evidence', evidence }, this.#turn++);",
        '',
      ),
    ],
    directed: { transcript: 'proved-to-one' },
  },
  {
    name: 'evidence-left-out-tolerated',
    clause: 'A3',
    breaks: 'stays with a primary that leaves evidence out of its bodies',
    edits: [
      edit(
        'driver/agreement/censorship.ts',
        "return accusations.overlooked(block.offences.length, sinceMs) ? 'evidence' : null;",
        'return null;',
      ),
    ],
    directed: { transcript: 'evidence-concealed' },
  },
  {
    name: 'evidence-believed',
    clause: 'N3',
    breaks: 'keeps whatever evidence a peer passes on',
    edits: [edit('driver/agreement/accusations.ts', 'if (!checked.ok) return checked;', '')],
    directed: { liars: [{ validator: 0, strategy: 'slander' }] },
  },
  {
    name: 'evidence-never-forgotten',
    clause: 'A1',
    breaks: 'keeps every proof for ever, also those that the chain has',
    edits: [
      edit(
        'driver/agreement/accusations.ts',
        '      this.#open.delete(key);\n      this.#told.delete(key);\n      this.#show(held.evidence);',
        '',
      ),
    ],
    directed: { liars: [{ validator: 3, strategy: 'double-vote' }] },
  },
  {
    name: 'relay-too-late',
    clause: 'V13',
    breaks: 'counts against the primary at once what it passes on to it half a base timeout later',
    edits: [
      edit('driver/transactions/forwarding.ts', 'this.#timeoutTicks / 8', 'this.#timeoutTicks / 2'),
      edit(
        'driver/transactions/forwarding.ts',
        'if (this.#mempool.own > 0 || this.#told.isOwed) return true;',
        'return true;',
      ),
    ],
    directed: { transcript: 'whispered' },
  },
  {
    name: 'told-is-not-awaited',
    clause: 'V1',
    breaks: 'waits for nothing that its peers gave it',
    edits: [
      edit('driver/transactions/forwarding.ts', 'this.#mempool.own > 0 || this.#told.isOwed', 'this.#mempool.own > 0'),
    ],
    directed: { transcript: 'primary-falls-silent' },
  },
];

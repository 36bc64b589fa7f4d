/** Bugs in what is kept: promises, disk, ledger, state transfer and epochs. */
import { edit, type Mutant } from '../mutant.ts';

export const memoryMutants: readonly Mutant[] = [
  {
    name: 'vote-before-sync',
    clause: 'P1',
    breaks: 'sends before what it sends is durable',
    edits: [
      edit(
        'driver/durability/loop.ts',
        '    this.#writing = true;\n',
        '    for (const action of after) action();\n    this.#writing = true;\n',
      ),
      edit(
        'driver/durability/loop.ts',
        '      this.#guarded(() => {\n        for (const action of after) action();\n      });\n',
        '',
      ),
    ],
    directed: { faults: ['crash', 'slow'] },
  },
  {
    name: 'vote-not-persisted',
    clause: 'P1',
    breaks: 'forgets in a power cut how it voted',
    edits: [edit('consensus/normal-case.ts', "emit({ kind: 'persist', record: { kind: 'vote', vote: signed } });", '')],
    directed: { faults: ['crash'] },
  },
  {
    name: 'prepared-not-persisted',
    clause: 'N7',
    breaks: 'forgets in a power cut what it prepared',
    edits: [edit('consensus/normal-case.ts', "emit({ kind: 'persist', record: { kind: 'prepared', prepared } });", '')],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'view-change-not-persisted',
    clause: 'P4',
    breaks: 'comes back in a view that it had left',
    edits: [
      edit(
        'consensus/view-change.ts',
        "emit({ kind: 'persist', record: { kind: 'view-change', viewChange: signed } });",
        '',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'new-view-not-persisted',
    clause: 'V11',
    breaks: 'forgets in a power cut the view that it entered',
    edits: [
      edit('consensus/view-change.ts', "emit({ kind: 'persist', record: { kind: 'new-view', newView: signed } });", ''),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'lost-batches-overlooked',
    clause: 'P3',
    breaks: 'starts from a disk that lost batches, and promises in them',
    edits: [
      edit('driver/durability/seals.ts', 'if (batches.has(batch)) continue;', 'continue;'),
      edit(
        'driver/durability/seals.ts',
        'if (equalBytes(digestOfAll(promises), newest.promises)) return ok({ batch: newest.batch, promises });',
        'return ok({ batch: newest.batch, promises });',
      ),
    ],
    directed: { faults: ['bit-flip'] },
  },
  {
    name: 'checkpoint-before-durable',
    clause: 'C1',
    breaks: 'sends CHECKPOINT for a block that a power cut would take from it',
    edits: [
      edit(
        'driver/durability/chain.ts',
        'const block = execute(this.state, body, transactions);',
        `const block = execute(this.state, body, transactions);
    const batch = this.#batch;
    this.#batch = {
      put: (key, value) => batch.after(() => batch.put(key, value)),
      after: (run) => batch.after(run),
    };`,
      ),
      edit(
        'driver/durability/chain.ts',
        'advance(this.state, block);',
        'this.#batch = batch;\n    advance(this.state, block);',
      ),
      edit('driver/durability/chain.ts', '  readonly #batch: Batch;', '  #batch;'),
    ],
    directed: { faults: ['crash', 'slow'] },
  },
  {
    name: 'promise-broken',
    clause: 'P3',
    breaks: 'proposes anew after a power cut where it had proposed',
    edits: [
      edit(
        'consensus/normal-case.ts',
        'return earlier.vote.hash === hash ? earlier : null;',
        'if (earlier.vote.hash === hash) return earlier;',
      ),
      edit(
        'consensus/normal-case.ts',
        "if (vote.kind === 'pre-prepare' && vote.view === replica.view) last = Math.max(last, vote.height);",
        '{}',
      ),
      edit(
        'consensus/recovery.ts',
        "if (vote.kind === 'pre-prepare' && slot.prePrepare === null) adopt(replica, slot, record.vote);",
        '',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'votes-not-recovered',
    clause: 'P5',
    breaks: 'does not look at its old votes when it starts',
    edits: [
      edit(
        'consensus/recovery.ts',
        "if (record.kind !== 'vote' || record.vote.vote.height <= low) continue;",
        "if (record.kind === 'vote' || record.kind === 'prepared') continue;",
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'promises-forgotten-at-once',
    clause: 'P1',
    breaks: 'throws all promises away with each certificate, those above it too',
    edits: [
      edit(
        'driver/agreement/effects.ts',
        'return this.#promiseKeys.forget(passed);',
        'return this.#promiseKeys.forget((passed + 1_000_000) as Height);',
      ),
    ],
    directed: { faults: ['crash'] },
  },
  {
    name: 'prepared-dropped-on-restart',
    clause: 'P5',
    breaks: 'does not take up its prepared certificates when it starts',
    edits: [
      edit(
        'consensus/recovery.ts',
        'if (slot.prepared === null || slot.prepared.view < prepared.view) slot.prepared = prepared;',
        '',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'view-dropped-on-restart',
    clause: 'P4',
    breaks: 'starts in view 0, whatever it promised',
    edits: [edit('consensus/recovery.ts', '  restoreView(replica, recovered.records);\n', '')],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'bodies-dropped-on-restart',
    clause: 'N5',
    breaks: 'does not take up stored bodies when it starts, though it voted for them',
    edits: [
      edit('driver/assembly.ts', '  bodies.restore(recovered.bodies);\n', ''),
      edit('driver/sync/server.ts', 'this.#store.read([key], ([bytes]) => {', 'this.#store.read([], ([bytes]) => {'),
    ],
    directed: { faults: ['crash'] },
  },
  {
    name: 'newest-certificate-not-stored',
    clause: 'C2',
    breaks: 'forgets in a power cut which certificate was its newest',
    edits: [
      edit('driver/durability/chain.ts', 'this.#batch.put(KEYS.certified, certificateCodec.encode(certificate));', ''),
    ],
    directed: { faults: ['crash'] },
  },
  {
    name: 'state-not-stored-with-block',
    clause: 'C1',
    breaks: 'stores blocks without the state that they make',
    edits: [
      edit(
        'driver/durability/chain.ts',
        'this.#batch.put(KEYS.chainState, chainStateCodec.encode(chainStateOf(block)));',
        '',
      ),
    ],
    directed: { faults: ['crash'] },
  },
  {
    name: 'executed-again-after-sync',
    clause: 'C5',
    breaks: 'hands bodies to the ledger that came by state transfer',
    edits: [
      edit(
        'consensus/checkpoint.ts',
        '  replica.orderedHeight = Math.max(replica.orderedHeight, certificate.height) as Height;\n  replica.blockHashes.set(certificate.height',
        '  replica.blockHashes.set(certificate.height',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'body-executed-twice',
    clause: 'N9',
    breaks: 'executes a body once more, at the next height',
    edits: [
      edit(
        'driver/bodies/bodies.ts',
        'transactions: [], stored: false };\n    const pooled = this.pool.get(height, hash);',
        'transactions: [], stored: false };\n    const pooled = this.pool.get(height, hash) ?? this.pool.get((height - 1) as Height, hash);',
      ),
      edit('driver/bodies/bodies.ts', 'this.pool.drop(height);', 'this.pool.drop((height - 1) as Height);'),
      edit(
        'driver/bodies/bodies.ts',
        'const hash = this.#ordered.get(height);\n    if (hash === undefined) return undefined;',
        'const hash = this.#ordered.get(height) ?? this.#ordered.get((height - 1) as Height);\n    if (hash === undefined) return undefined;',
      ),
      edit(
        'driver/bodies/bodies.ts',
        'for (const each of this.#ordered.keys()) if (each <= height) this.#ordered.delete(each);',
        'for (const each of this.#ordered.keys()) if (each < height) this.#ordered.delete(each);',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'sync-range-unproved',
    clause: 'R7',
    breaks: 'believes blocks of a peer without their certificate',
    edits: [
      edit(
        'driver/sync/proof.ts',
        'if (certificate.height !== height || certificate.blockHash !== hash)',
        'if (certificate.height !== height)',
      ),
    ],
    directed: { liars: [{ validator: 3, strategy: 'lie-status' }], faults: ['crash', 'partition'] },
  },
  {
    name: 'sync-body-unproved',
    clause: 'R7',
    breaks: 'believes the bodies that come with proved headers',
    edits: [edit('driver/sync/proof.ts', 'header.bodyHash !== bodyHash(fullBody.body) ||\n', '')],
    directed: { liars: [{ validator: 3, strategy: 'lie-status' }], faults: ['crash', 'partition'] },
  },
  {
    name: 'state-transfer-off',
    clause: 'C4',
    breaks: 'asks nobody for blocks that it missed',
    edits: [
      edit(
        'driver/sync/state-transfer.ts',
        "outbox.sendTo(peer, { kind: 'fetch-blocks', from, count: to - from + 1 });",
        '{}',
      ),
    ],
    directed: { faults: ['crash'] },
  },
  {
    name: 'any-giver-first-again',
    clause: 'C4',
    breaks: 'asks for blocks whoever gave last, however little and however late',
    edits: [
      edit(
        'driver/sync/givers.ts',
        'const isFast = whole.length * BLOCKS_MS >= ms * SYNC_BLOCKS_MAX || bytes * BYTES_MS >= ms * SYNC_BYTES_MAX;',
        'const isFast = true;',
      ),
    ],
    directed: { transcript: 'one-block-at-a-time' },
  },
  {
    name: 'bodies-not-fetched',
    clause: 'N5',
    breaks: 'asks nobody for bodies and transactions that it missed',
    edits: [edit('driver/bodies/bodies.ts', '    this.#wants.pursue(needed, tick, knowledge);\n', '')],
    directed: { faults: ['loss', 'crash'] },
  },
  {
    name: 'epoch-before-its-certificate',
    clause: 'E1',
    breaks: 'begins the next epoch when it executed the last block, though nothing certifies it',
    edits: [
      edit(
        'driver/agreement/protocol.ts',
        'const settled = Math.min(stableHeight(this.#replica), this.#context.chain.executedHeight);',
        'const settled = this.#context.chain.executedHeight;',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'window-beyond-epoch',
    clause: 'E1',
    breaks: 'goes on in an epoch beyond its last height',
    edits: [
      edit(
        'driver/agreement/protocol.ts',
        '      ...epoch,\n',
        '      ...epoch,\n      lastHeight: (epoch.lastHeight + 1) as Height,\n',
      ),
    ],
  },
  {
    name: 'nonce-not-checked',
    clause: 'N9',
    breaks: 'executes a transaction in every block that lists it',
    edits: [
      edit(
        'ledger/transaction-rules.ts',
        "if (nonce < sender.nonce) return fail('NONCE_TOO_LOW', `nonce ${nonce} is used, the next is ${sender.nonce}`);",
        '',
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'repeat' }] },
  },
  {
    name: 'fee-vanishes',
    clause: 'deviation 2',
    breaks: 'takes fees that nobody gets',
    edits: [
      edit('ledger/execute.ts', 'if (fee > 0n) credit(entries, FEE_POOL, fee);', ''),
      edit('ledger/execute.ts', "invariant(difference === 0n, 'execution keeps the supply', { difference });", ''),
    ],
  },
  {
    name: 'block-takes-local-time',
    clause: 'deviation 2',
    breaks: 'writes its own time into blocks, which all replicas have to make alike',
    edits: [
      edit(
        'ledger/execute.ts',
        'timestampMs: Math.max(body.timestampMs, head.header.timestampMs + 1),',
        'timestampMs: Math.max(Math.floor(2e12 + performance.now() * 1000), head.header.timestampMs + 1),',
      ),
    ],
  },
  {
    name: 'evidence-not-checked',
    clause: 'N3',
    breaks: 'records offences that a primary made up',
    edits: [
      edit('driver/bodies/judge.ts', 'return checkEvidence(authority(of), evidence).ok;', 'return evidence !== null;'),
    ],
    directed: { liars: [{ validator: 0, strategy: 'slander' }] },
  },
];

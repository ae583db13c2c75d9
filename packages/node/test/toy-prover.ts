// A prover without proofs, for tests of everything around it: a node is its statement in a fixed number of bytes, true or
// marked as false. What is merged, refused and verified is what the real one merges, refuses and verifies.

import {
  ELEMENT_BYTES,
  Fp,
  elementsFromBytes,
  elementsToBytes,
  plainPoseidon,
} from "@foldmesh/algebra";
import {
  type LeafShape,
  ProverError,
  type Session,
  type VerifyResult,
  type VerifyTask,
  decodeProof,
  provenanceFrom,
} from "@foldmesh/prover";
import type { NodeParts } from "../src/node.ts";

interface Statement {
  readonly i: bigint;
  readonly j: bigint;
  readonly zIn: readonly bigint[];
  readonly zOut: readonly bigint[];
  readonly provenance: bigint;
  readonly isTrue: bigint;
}

const permute = plainPoseidon();
const hashing = { permute, permuteAll: async (states: bigint[][]) => states.map(permute) };

export const encode = ({ i, j, zIn, zOut, provenance, isTrue }: Statement): Uint8Array =>
  elementsToBytes([i, j, provenance, isTrue, ...zIn, ...zOut]);

export function decode(bytes: Uint8Array): Statement {
  const [i, j, provenance, isTrue, ...states] = elementsFromBytes(bytes, Fp.modulus);
  const a = states.length / 2;
  const [zIn, zOut] = [states.slice(0, a), states.slice(a)];
  return { i: i!, j: j!, provenance: provenance!, isTrue: isTrue!, zIn, zOut };
}

/** The same node with a lie in it that only verification finds. */
export const falsified = (node: Uint8Array): Uint8Array => encode({ ...decode(node), isTrue: 0n });

/** A compressed proof is the node behind a mark: unlike the node itself. */
const MARK = 67;
export const compressed = (node: Uint8Array): Uint8Array => Uint8Array.of(MARK, ...node);
/** Nothing of what is not marked. */
export const decompressed = (proof: Uint8Array): Uint8Array =>
  proof[0] === MARK ? proof.slice(1) : new Uint8Array();

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(new ProverError("ABORTED", "the work was cancelled"));
    if (signal?.aborted) return stop();
    setTimeout(resolve, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });

/** @param leafMs what a leaf takes */
export function toyProver(leafMs = 5): NodeParts["prover"] {
  return {
    verifyProof: async ({ proof, expected = {} }) => {
      const { form, body: bytes, stepsPerLeaf } = decodeProof(proof);
      const body = form === "node" ? bytes : decompressed(bytes);
      const j = expected.steps === undefined ? undefined : BigInt(expected.steps / stepsPerLeaf);
      const asked = { i: 0n, j, zIn: expected.z0, zOut: expected.zn };
      const { failures } = await verdict(body, body.length, asked);
      if (failures.length > 0) return { ok: false, failures, statement: null, ms: 0 };
      const { zIn: z0, zOut: zn } = decode(body);
      const statement = { steps: expected.steps ?? 0, z0, zn, provenance: 0n };
      return { ok: true, form, statement, stepsPerLeaf, ms: 0 };
    },
    describeLeaf: ({ stepsPerLeaf = 1, steps = 1 }): LeafShape => {
      if (steps % stepsPerLeaf !== 0) {
        throw new ProverError("PLAN", `${steps} steps are no leaves of ${stepsPerLeaf}`);
      }
      return { stepsPerLeaf, constraints: 30_000, logRows: 15, bases: 1, keyBytes: 1 };
    },
    openSession: ({ program, stepsPerLeaf = 1 }) => {
      const a = program.step.stateSize;
      const nodeBytes = ELEMENT_BYTES * (4 + 2 * a);
      const range = { start: 0, end: 1 };
      const shape = { constraints: 30_000, logRows: 15, shards: [range] };
      const stages = { fold: 0, cyclefold: 0, witness: 0, commit: 0 };
      const session: Session = {
        plan: { steps: stepsPerLeaf, stepsPerLeaf, leaves: 1, ...shape },
        nodeBytes,
        async leaf({ i, assignment, pid }, { signal } = {}) {
          await pause(leafMs, signal);
          const publics = assignment.subarray(ELEMENT_BYTES, ELEMENT_BYTES * (1 + 2 * a));
          const z = elementsFromBytes(publics, Fp.modulus);
          const range = { i: BigInt(i), j: BigInt(i + 1) };
          const provenance = await provenanceFrom(hashing, {
            kind: "shard",
            pid,
            range: { start: i, end: i + 1 },
            batch: 1,
          });
          const states = { zIn: z.slice(a), zOut: z.slice(0, a) };
          const statement = { ...range, provenance, isTrue: 1n, ...states };
          return { node: encode(statement), worker: 0, ms: leafMs };
        },
        async merge(nodes, { signal } = {}) {
          await pause(leafMs, signal);
          const [L, R] = [decode(nodes.left), decode(nodes.right)];
          if (L.j !== R.i || L.zOut.join() !== R.zIn.join()) {
            throw new ProverError("PROVING", "the nodes are not neighbours");
          }
          const isTrue = L.isTrue * R.isTrue;
          const [left, right] = [L.provenance, R.provenance];
          const provenance = await provenanceFrom(hashing, { kind: "merge", left, right });
          const statement = { i: L.i, j: R.j, zIn: L.zIn, zOut: R.zOut, provenance, isTrue };
          return { node: encode(statement), worker: 0, ms: leafMs, stages };
        },
        verify: ({ node, expected, statementOnly }) =>
          verdict(node, nodeBytes, expected, statementOnly),
        compress: ({ node }) => Promise.resolve({ proof: compressed(node), ms: 0 }),
        check: ({ proof, expected }) => verdict(decompressed(proof), nodeBytes, expected),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
      return Promise.resolve(session);
    },
  };
}

async function verdict(
  node: Uint8Array,
  size: number,
  expected: VerifyTask["expected"],
  statementOnly = false,
): Promise<VerifyResult> {
  if (node.length !== size) return { failures: ["size"], claim: null, ms: 0 };
  const { i, j, zIn, zOut, provenance, isTrue } = decode(node);
  const failures: string[] = [];
  if (i !== expected.i) failures.push("statement: i");
  if (expected.j !== undefined && j !== expected.j) failures.push("statement: j");
  if (expected.zIn !== undefined && zIn.join() !== expected.zIn.join())
    failures.push("statement: z");
  if (expected.zOut !== undefined && zOut.join() !== expected.zOut.join())
    failures.push("statement: z'");
  const { lineage } = expected;
  if (lineage !== undefined && provenance !== (await provenanceFrom(hashing, lineage)))
    failures.push("statement: pid");
  if (isTrue !== 1n && !statementOnly) failures.push("u: relation");
  return { failures, claim: { vk: 0n, i, j, zIn, zOut, provenance }, ms: 0 };
}

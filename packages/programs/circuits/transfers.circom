// A rollup block: signed transfers between the accounts of a Merkle tree, BATCH of them a step.
//
//   state   step_in = (root of the tree, number of transfers applied so far)
//   account Poseidon(Ax, Ay, balance, nonce): the owner's BabyJubjub key, a balance below 2^64, and the
//           number of transfers that the account has sent
//   tree    DEPTH levels of Poseidon(left, right); bit k of an account's index is its side at level k,
//           from the leaves up
//
// A transfer debits the sender under the current root, then credits the recipient under the root that
// this gives: sender = recipient needs no case of its own, it ends where it began with a higher nonce.
// An unused place of a batch (active = 0) moves nothing: its amount is 0, no nonce and no counter grows,
// its signature is not checked, and so the root stays.
//
// Constrained: the sender's key signed (from, to, amount, nonce) by EdDSA-Poseidon, nonce is the
// account's own (a signature counts once), amounts and balances stay in [0, 2^64) (none negative, none
// overflows), indices are below 2^DEPTH, both paths lead to the current root, counter and root follow.
// Not constrained: what the tree holds to begin with. Balances below 2^64 are kept, so z0's root must
// come from someone who is believed or derived; and who orders transfers, or leaves some out, is free.
// A signature names no tree: two rollups with one account key and nonce could replay each other's.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/eddsaposeidon.circom";
include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/switcher.circom";

template AccountHash() {
    signal input key[2];
    signal input balance;
    signal input nonce;
    signal output out;
    out <== Poseidon(4)([key[0], key[1], balance, nonce]);
}

// The root over `leaf` at the place that `side` (bits) names.
template MerkleRoot(DEPTH) {
    signal input leaf;
    signal input side[DEPTH];
    signal input path[DEPTH];
    signal output root;

    signal node[DEPTH + 1];
    component order[DEPTH];
    node[0] <== leaf;
    for (var k = 0; k < DEPTH; k++) {
        order[k] = Switcher();
        order[k].sel <== side[k];
        order[k].L <== node[k];
        order[k].R <== path[k];
        node[k + 1] <== Poseidon(2)([order[k].outL, order[k].outR]);
    }
    root <== node[DEPTH];
}

// Replaces one account: `before` must be in the tree of root `root`; `after` gives the new root.
template UpdateAccount(DEPTH) {
    signal input root;
    signal input index;
    signal input path[DEPTH];
    signal input before;
    signal input after;
    signal output newRoot;

    signal side[DEPTH] <== Num2Bits(DEPTH)(index);
    signal oldRoot <== MerkleRoot(DEPTH)(before, side, path);
    oldRoot === root;
    newRoot <== MerkleRoot(DEPTH)(after, side, path);
}

template Transfer(DEPTH) {
    signal input root;
    signal input active;
    signal input from;
    signal input to;
    signal input amount;
    signal input fromKey[2];
    signal input fromBalance;
    signal input fromNonce;
    signal input fromPath[DEPTH];
    signal input toKey[2];
    signal input toBalance;
    signal input toNonce;
    signal input toPath[DEPTH];
    signal input signatureR[2];
    signal input signatureS;
    signal output newRoot;

    active * (1 - active) === 0;
    amount * (1 - active) === 0;
    _ <== Num2Bits(64)(amount);
    signal left <== fromBalance - amount;
    _ <== Num2Bits(64)(left);
    signal credited <== toBalance + amount;
    _ <== Num2Bits(64)(credited);

    signal message <== Poseidon(4)([from, to, amount, fromNonce]);
    EdDSAPoseidonVerifier()(active, fromKey[0], fromKey[1], signatureS, signatureR[0], signatureR[1], message);

    signal sender <== AccountHash()(fromKey, fromBalance, fromNonce);
    signal debited <== AccountHash()(fromKey, left, fromNonce + active);
    signal middle <== UpdateAccount(DEPTH)(root, from, fromPath, sender, debited);

    signal recipient <== AccountHash()(toKey, toBalance, toNonce);
    signal paid <== AccountHash()(toKey, credited, toNonce);
    newRoot <== UpdateAccount(DEPTH)(middle, to, toPath, recipient, paid);
}

template Transfers(DEPTH, BATCH) {
    signal input step_in[2];
    signal input active[BATCH];
    signal input from[BATCH];
    signal input to[BATCH];
    signal input amount[BATCH];
    signal input fromKey[BATCH][2];
    signal input fromBalance[BATCH];
    signal input fromNonce[BATCH];
    signal input fromPath[BATCH][DEPTH];
    signal input toKey[BATCH][2];
    signal input toBalance[BATCH];
    signal input toNonce[BATCH];
    signal input toPath[BATCH][DEPTH];
    signal input signatureR[BATCH][2];
    signal input signatureS[BATCH];
    signal output step_out[2];

    signal root[BATCH + 1];
    var applied = 0;
    root[0] <== step_in[0];
    for (var b = 0; b < BATCH; b++) {
        root[b + 1] <== Transfer(DEPTH)(
            root[b], active[b], from[b], to[b], amount[b],
            fromKey[b], fromBalance[b], fromNonce[b], fromPath[b],
            toKey[b], toBalance[b], toNonce[b], toPath[b],
            signatureR[b], signatureS[b]
        );
        applied += active[b];
    }
    step_out[0] <== root[BATCH];
    step_out[1] <== step_in[1] + applied;
}

component main {public [step_in]} = Transfers(12, 2);

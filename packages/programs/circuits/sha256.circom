// One block of SHA-256 (FIPS 180-4) a step: the state is the chaining value, so the chain over a padded
// message ends with its digest.
//
//   state   step_in[0] = H0‖H1‖H2‖H3, step_in[1] = H4‖H5‖H6‖H7, each 128 bits big-endian
//   private block[16]: the block's words M0 … M15 (FIPS 180-4, 5.2.1), each below 2^32
//
// Constrained: both state elements are below 2^128, every word is below 2^32, step_out is the
// compression of step_in with the block. Not constrained: padding and length. A proof says that SOME
// sequence of N blocks takes z0 to zn; with z0 = the initial value and zn = a digest, whoever knows the
// file checks N against its length.
pragma circom 2.1.6;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/sha256/sha256compression.circom";

template Sha256Step() {
    signal input step_in[2];
    signal input block[16];
    signal output step_out[2];

    component compression = Sha256compression();

    // The state's words arrive least significant bit first, the block's most significant bit first.
    component state[2];
    for (var half = 0; half < 2; half++) {
        state[half] = Num2Bits(128);
        state[half].in <== step_in[half];
        for (var word = 0; word < 4; word++) {
            for (var k = 0; k < 32; k++) {
                compression.hin[128 * half + 32 * word + k] <== state[half].out[32 * (3 - word) + k];
            }
        }
    }

    component words[16];
    for (var word = 0; word < 16; word++) {
        words[word] = Num2Bits(32);
        words[word].in <== block[word];
        for (var k = 0; k < 32; k++) {
            compression.inp[32 * word + 31 - k] <== words[word].out[k];
        }
    }

    // The compression's output bits are checked against sums of bits inside it, so they are bits.
    for (var half = 0; half < 2; half++) {
        var packed = 0;
        for (var k = 0; k < 128; k++) {
            packed = 2 * packed + compression.out[128 * half + k];
        }
        step_out[half] <== packed;
    }
}

component main {public [step_in]} = Sha256Step();

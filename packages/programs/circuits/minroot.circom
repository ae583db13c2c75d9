// MinRoot (Khovratovich, Maller, Tiwari: "MinRoot: Candidate Sequential Function for Ethereum VDF"), a
// delay function: slow to compute in sequence, quick to check, ROUNDS rounds a step.
//
//   state   step_in = (x, y, i)
//   round   (x, y, i) → ((x + y)^(1/5), x + i, i + 1)
//
// The fifth root is unique, since 5 does not divide p − 1: the prover cannot choose. It is computed
// without constraints as the power e = 1/5 mod (p − 1) and checked by its fifth power, three rows a
// round. The step is tiny on purpose: prove many copies in one leaf (`repeat`).
pragma circom 2.1.6;

// s^e, by squaring from the top bit
function fifthRoot(s) {
    var e = 17510594297471420177797124596205820070838691520332827474958563349260646796493;
    var r = 1;
    for (var k = 253; k >= 0; k--) {
        r = r * r;
        if ((e >> k) & 1 == 1) {
            r = r * s;
        }
    }
    return r;
}

template MinRoot(ROUNDS) {
    signal input step_in[3];
    signal output step_out[3];

    signal x[ROUNDS + 1];
    signal y[ROUNDS + 1];
    signal square[ROUNDS];
    signal fourth[ROUNDS];

    x[0] <== step_in[0];
    y[0] <== step_in[1];
    for (var k = 0; k < ROUNDS; k++) {
        x[k + 1] <-- fifthRoot(x[k] + y[k]);
        square[k] <== x[k + 1] * x[k + 1];
        fourth[k] <== square[k] * square[k];
        fourth[k] * x[k + 1] === x[k] + y[k];
        y[k + 1] <== x[k] + step_in[2] + k;
    }

    step_out[0] <== x[ROUNDS];
    step_out[1] <== y[ROUNDS];
    step_out[2] <== step_in[2] + ROUNDS;
}

component main {public [step_in]} = MinRoot(32);

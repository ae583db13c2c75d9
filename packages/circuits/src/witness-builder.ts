import type { PrimeField } from "@foldmesh/algebra";
import type { Builder } from "./builder.ts";

/**
 * Computes the assignment of a circuit. A linear combination is its value: any integer congruent to
 * it, reduced only where it is stored, multiplied into a long sum or compared.
 *
 * Every constraint is checked, except those that hold by construction (`mul` stores the very product
 * it constrains). Violated ones are recorded, not thrown: bad children are data, not bugs.
 */
export class WitnessBuilder implements Builder<bigint> {
  readonly field: PrimeField;
  readonly zero = 0n;
  readonly one = 1n;
  readonly #modulus: bigint;
  readonly #public: bigint[];
  readonly #witness: bigint[] = [];
  readonly #violations = new Set<string>();

  /** publicCount counts the constant column 0. */
  constructor(field: PrimeField, publicCount: number) {
    this.field = field;
    this.#modulus = field.modulus;
    this.#public = Array.from({ length: publicCount }, (_, column) => (column === 0 ? 1n : 0n));
  }

  constant(k: bigint): bigint {
    return k;
  }

  add(a: bigint, b: bigint): bigint {
    return a + b;
  }

  sub(a: bigint, b: bigint): bigint {
    return a - b;
  }

  scale(k: bigint, a: bigint): bigint {
    return k * a;
  }

  linear(coefficients: readonly bigint[], terms: readonly bigint[], constant = 0n): bigint {
    let sum = constant;
    for (let i = 0; i < coefficients.length; i++) sum += coefficients[i]! * terms[i]!;
    return sum % this.#modulus;
  }

  value(a: bigint): bigint {
    const r = a % this.#modulus;
    return r < 0n ? r + this.#modulus : r;
  }

  publicInput(column: number, value: bigint): bigint {
    return (this.#public[column] = this.value(value));
  }

  witness(value: bigint): bigint {
    const x = this.value(value);
    this.#witness.push(x);
    return x;
  }

  mul(a: bigint, b: bigint): bigint {
    return this.witness(a * b);
  }

  enforce(a: bigint, b: bigint, c: bigint, label: string): void {
    if ((a * b - c) % this.#modulus !== 0n) this.#violations.add(label);
  }

  enforceZero(a: bigint, label: string): void {
    if (a % this.#modulus !== 0n) this.#violations.add(label);
  }

  enforceEqual(a: bigint, b: bigint, label: string): void {
    if ((a - b) % this.#modulus !== 0n) this.#violations.add(label);
  }

  endSection(): void {}

  /** Columns 0 … publicCount−1. */
  publicValues(): bigint[] {
    return [...this.#public];
  }

  /** The witness columns in order, canonical. */
  witnessValues(): bigint[] {
    return [...this.#witness];
  }

  /** Labels of the violated constraints, each once, in order of appearance. */
  violations(): string[] {
    return [...this.#violations];
  }
}

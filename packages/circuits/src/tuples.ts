// Short fixed-length lists, generic over what they hold: integers natively, linear combinations in a circuit.

/** Affine coordinates. `Pair<bigint>` is algebra's `Point`. */
export type Pair<T> = readonly [x: T, y: T];
export type Triple<T> = readonly [T, T, T];
export type Quad<T> = readonly [T, T, T, T];

/** In index order: circuits allocate as they map. */
export const map3 = <S, T>([a, b, c]: Triple<S>, f: (x: S) => T): Triple<T> => [f(a), f(b), f(c)];

/** In index order. */
export const map4 = <S, T>([a, b, c, d]: Quad<S>, f: (x: S) => T): Quad<T> => [
  f(a),
  f(b),
  f(c),
  f(d),
];

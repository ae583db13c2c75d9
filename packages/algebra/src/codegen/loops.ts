import { PAIR } from "./backend.ts";
import { type Code, type FunctionBuilder, type Local, type Value, i32 } from "./emitter.ts";
import { interleave } from "./recorder.ts";

/**
 * for each of `pairs` pairs: body. `streams` independent bodies are interleaved in the main loop; a
 * plain loop takes the rest. `pointers` advance by 80 bytes a pair; `offset` is the pair's place
 * relative to them.
 */
export function forPairs(
  f: FunctionBuilder,
  pairs: Value,
  streams: number,
  pointers: readonly Local[],
  body: (code: Code, offset: number) => void,
): void {
  const advance = (n: number): void =>
    pointers.forEach((p) => f.opTo(p, "i32.add", p, i32(PAIR * n)));
  if (streams > 1) {
    f.repeat(f.op("i32.shr_u", pairs, i32(Math.log2(streams))), () => {
      const bodies = Array.from(
        { length: streams },
        (_, s) => (code: Code) => body(code, PAIR * s),
      );
      interleave(f, bodies);
      advance(streams);
    });
  }
  const rest = streams > 1 ? f.op("i32.and", pairs, i32(streams - 1)) : pairs;
  f.repeat(rest, () => {
    body(f, 0);
    advance(1);
  });
}

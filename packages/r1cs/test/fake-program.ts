// Hand-assembled witness programs: a tame one with circom 2's interface, and changes that make it hostile.

import { Fp, concatBytes, elementsToBytes } from "@foldmesh/algebra";

const I32 = 0x7f;
/** Opcodes used below. */
const op = {
  unreachable: [0x00],
  loopForever: [0x03, 0x40, 0x0c, 0, 0x0b], // loop { br 0 }
  callException: (code: number): number[] => [0x41, code, 0x10, 0],
  callWrite: [0x10, 1],
  one: [0x41, 1],
} as const;

export interface FakeFunction {
  readonly parameters: number;
  readonly returns: boolean;
  readonly body: readonly number[];
}

const procedure = (parameters: number, ...body: number[]): FakeFunction => ({
  parameters,
  returns: false,
  body,
});
const getter = (...body: number[]): FakeFunction => ({ parameters: 0, returns: true, body });
const i32 = (value: number): number[] => [0x41, ...signedLeb(value)];

/** Offset of the shared element; the prime lies at 64. */
const SHARED = 32;

/** i32.store at SHARED of the value that `value` pushes. */
const storeShared = (value: readonly number[]): number[] => [...i32(SHARED), ...value, 0x36, 2, 0];
/** memory.copy of 32 bytes from `source` to SHARED */
const copyToShared = (source: number): number[] => [
  ...i32(SHARED),
  ...i32(source),
  ...i32(32),
  0xfc,
  10,
  0,
  0,
];

/** A circuit of three wires, all 1, and one input. */
export const TAME: Readonly<Record<string, FakeFunction>> = {
  init: procedure(1),
  setInputSignal: procedure(3),
  getInputSignalSize: { parameters: 2, returns: true, body: op.one },
  getInputSize: getter(...op.one),
  getWitnessSize: getter(...i32(3)),
  getWitness: procedure(1, ...copyToShared(128)),
  getRawPrime: procedure(0, ...copyToShared(64)),
  getFieldNumLen32: getter(...i32(8)),
  getSharedRWMemoryStart: getter(...i32(SHARED)),
  getMessageChar: getter(...i32(65)),
};

/** Bodies by what they do. */
export const bodies = {
  ...op,
  i32,
  storeShared,
  /** loop { memory.grow(256 pages); until it fails }, then loop for ever */
  growForEver: [
    0x03,
    0x40,
    ...i32(256),
    0x40,
    0,
    ...i32(-1),
    0x47,
    0x0d,
    0,
    0x0b,
    ...op.loopForever,
  ],
  /** if memory.grow(4096 pages) fails, raise "Not enough memory" */
  growOrRaise: [...i32(4096), 0x40, 0, ...i32(-1), 0x46, 0x04, 0x40, ...op.callException(5), 0x0b],
  /** loop { writeBufferMessage() } */
  writeForEver: [0x03, 0x40, ...op.callWrite, 0x0c, 0, 0x0b],
  /** Fills the shared element with 0xff. */
  fillShared: [...i32(SHARED), ...i32(255), ...i32(32), 0xfc, 11, 0],
};

export interface FakeOptions {
  readonly functions?: Readonly<Record<string, FakeFunction>>;
  readonly without?: string;
  readonly memory?: readonly number[];
  readonly start?: string;
  readonly imports?: readonly (readonly [module: string, name: string])[];
}

const IMPORTS = [
  ["runtime", "exceptionHandler"],
  ["runtime", "writeBufferMessage"],
] as const;

export function fakeProgram(options: FakeOptions = {}): Uint8Array {
  const all: Record<string, FakeFunction> = { ...TAME, ...options.functions };
  if (options.without !== undefined) delete all[options.without];
  const names = Object.keys(all);
  const functions = Object.values(all);
  const imports = options.imports ?? IMPORTS;
  // types 0, 1: of the imports (i32) and (); then one type a function
  const types = [
    [0x60, 1, I32, 0],
    [0x60, 0, 0],
    ...functions.map(({ parameters, returns }) => [
      0x60,
      parameters,
      ...Array<number>(parameters).fill(I32),
      ...(returns ? [1, I32] : [0]),
    ]),
  ];
  const importEntries = imports.map(([module, name], i) => [
    ...text(module),
    ...text(name),
    0,
    i % 2,
  ]);
  const exportEntries = [
    [...text("memory"), 2, 0],
    ...names.map((name, i) => [...text(name), 0, imports.length + i]),
  ];
  const code = functions.map(({ body }) => sized([0, ...body, 0x0b]));
  const startAt = options.start === undefined ? -1 : names.indexOf(options.start);
  return concatBytes(
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    section(1, vector(types)),
    section(2, vector(importEntries)),
    section(3, vector(functions.map((_, i) => [2 + i]))),
    section(5, vector([options.memory ?? [0, 1]])),
    section(7, vector(exportEntries)),
    ...(startAt < 0 ? [] : [section(8, [imports.length + startAt])]),
    section(10, vector(code)),
    section(11, vector([data(64, Fp.modulus), data(128, 1n)])),
  );
}

export const withFunction = (name: string, ...body: number[]): Uint8Array =>
  fakeProgram({ functions: { [name]: { ...TAME[name]!, body } } });

const data = (offset: number, x: bigint): number[] => [
  0,
  ...i32(offset),
  0x0b,
  ...sized([...elementsToBytes([x])]),
];

const section = (id: number, body: readonly number[]): Uint8Array =>
  Uint8Array.from([id, ...sized(body)]);
const vector = (items: readonly (readonly number[])[]): number[] => [
  ...leb(items.length),
  ...items.flat(),
];
const sized = (body: readonly number[]): number[] => [...leb(body.length), ...body];
const text = (s: string): number[] => sized([...new TextEncoder().encode(s)]);

export function leb(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
}

function signedLeb(value: number): number[] {
  const last = value >= -64 && value < 64;
  return last ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signedLeb(value >> 7)];
}

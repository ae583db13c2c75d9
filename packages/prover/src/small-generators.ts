import { Grumpkin, G1, type Point, pointsFromBytes, pointsToBytes } from "@foldmesh/algebra";
import { type SystemGenerators, systemGenerators } from "@foldmesh/folding";
import { type CachedFile, POINT_BYTES, readCached, writeCached } from "./key-cache.ts";

const CFX = 12;
const CFW = 2452;
/** h on G1, then cfx, cfw, cfh, cfoff on Grumpkin. */
const FILE: CachedFile = { name: "system-v1.bin", bytes: POINT_BYTES * (1 + CFX + CFW + 2) };

/** The system's small generators, from the cache or derived (about two seconds) and cached. */
export async function loadSystemGenerators(dir: string): Promise<SystemGenerators> {
  const cached = await readCached(dir, FILE);
  if (cached !== null) return decode(cached);
  const derived = systemGenerators();
  await writeCached(dir, FILE, encode(derived));
  return derived;
}

const encode = ({ h, cfx, cfw, cfh, cfoff }: SystemGenerators): Uint8Array =>
  pointsToBytes([h, ...cfx, ...cfw, cfh, cfoff]);

function decode(bytes: Uint8Array): SystemGenerators {
  const h = pointsFromBytes(G1, bytes.subarray(0, POINT_BYTES))[0]!;
  const rest: Point[] = pointsFromBytes(Grumpkin, bytes.subarray(POINT_BYTES));
  return {
    h,
    cfx: rest.slice(0, CFX),
    cfw: rest.slice(CFX, CFX + CFW),
    cfh: rest[CFX + CFW]!,
    cfoff: rest[CFX + CFW + 1]!,
  };
}

import { availableParallelism, totalmem } from "node:os";
import { type ConnectedPeer, createNetwork } from "@foldmesh/network";
import type { Backend, Benchmark, Money, PPM, PeerId, Role, Time } from "@foldmesh/protocol";
import { PROTOCOL_VERSION } from "@foldmesh/protocol";
import {
  type GpuChoice,
  type GpuReport,
  describeLeaf,
  openSession,
  reportGpu,
  verifyProof,
} from "@foldmesh/prover";
import { createBlobShelf } from "./blob-shelf.ts";
import { type Board, type Notice, createBoard } from "./board.ts";
import type { BooksStatus } from "./broker/books.ts";
import { Broker, SOFTWARE } from "./broker/broker.ts";
import type { DescribeLeaf } from "./broker/accept.ts";
import type { Challenge } from "./broker/roster.ts";
import { BROKER_DEFAULTS, MAX_BLOB_BYTES, type NodeConfig, WORKER_DEFAULTS } from "./config.ts";
import type { Context } from "./context.ts";
import type { NodeEvent, NodeObserver } from "./events.ts";
import { createArchive } from "./evidence/archive.ts";
import { startExchange } from "./evidence/exchange.ts";
import { loadBenchmark } from "./measure/benchmark.ts";
import { answerChallenges, createChallenge } from "./measure/challenge.ts";
import { type EventLoopLag, measureLag } from "./measure/lag.ts";
import { type Meter, createMeter } from "./measure/meter.ts";
import { type JobJournal, createJournal } from "./journal.ts";
import { describeReport, openKeep } from "./keep/keep.ts";
import { loadIdentity } from "./identity.ts";
import { withOwnCalls } from "./own-calls.ts";
import { createPowersShelf } from "./powers.ts";
import { createPrograms } from "./programs.ts";
import { type OpenSession, createSessions } from "./sessions.ts";
import { TOPICS } from "./topics.ts";
import { type VerifyProof, startValidator } from "./validator.ts";
import { createWatcher } from "./watcher.ts";
import { type Perform, perform } from "./worker/tasks.ts";
import { Worker } from "./worker/worker.ts";

/** What a node is doing at the moment. */
export interface NodeStatus {
  readonly peer: PeerId;
  readonly addresses: readonly string[];
  readonly roles: readonly Role[];
  readonly peers: readonly ConnectedPeer[];
  readonly leases: readonly LeaseStatus[];
  readonly jobs: readonly JobStatus[];
  /** broker: what it thinks of those who worked for it, the best first */
  readonly standings: readonly StandingStatus[];
  /** broker: its accounts */
  readonly books: BooksStatus | undefined;
  /** bytes of blobs held */
  readonly blobs: number;
  readonly lag: EventLoopLag;
}

export interface LeaseStatus {
  readonly job: string;
  readonly task: string;
  readonly epoch: number;
  readonly price: Money;
  readonly deadline: Time;
}

export interface StandingStatus {
  readonly peer: PeerId;
  /** 0 for a newcomer and for who only failed; 1,000,000 at best */
  readonly reputation: PPM;
  /** there is evidence against it: it gets no work here */
  readonly convicted: boolean;
}

export interface JobStatus {
  readonly job: string;
  readonly requester: PeerId;
  readonly phase: "running" | "done" | "failed";
  readonly tasks: number;
  readonly verified: number;
}

export interface FoldmeshNode {
  readonly peer: PeerId;
  /** Multiaddrs with the peer id, to dial. */
  readonly addresses: readonly string[];
  readonly roles: readonly Role[];
  status(): NodeStatus;
  /** @returns a function that ends it */
  observe(observer: NodeObserver): () => void;
  /** Gives leases back, withdraws the advert, hangs up, ends all threads. */
  stop(): Promise<void>;
}

/** What of a node can be replaced; tests put cheats and sluggards there. */
export interface NodeParts {
  readonly perform: Perform;
  /** default: by a timed computation */
  readonly challenge: Challenge | undefined;
  readonly board: (board: Board) => Board;
  readonly journal: (journal: JobJournal) => JobJournal;
  readonly prover: {
    readonly openSession: OpenSession;
    readonly describeLeaf: DescribeLeaf;
    readonly verifyProof: VerifyProof;
  };
}

const HONEST: NodeParts = {
  perform,
  challenge: undefined,
  board: (board) => board,
  journal: (journal) => journal,
  prover: { openSession, describeLeaf, verifyProof },
};

/**
 * Starts a member of the network with the given roles.
 * @throws NodeError DATA_DIR, KEY, IN_USE, STORE; ProverError KEY; NetworkError BAD_ADDRESS, BAD_CONFIG
 */
export function startNode(config: NodeConfig, observer?: NodeObserver): Promise<FoldmeshNode> {
  return composeNode(config, observer, HONEST);
}

export async function composeNode(
  config: NodeConfig,
  observer: NodeObserver | undefined,
  parts: Partial<NodeParts>,
): Promise<FoldmeshNode> {
  await using undo = new AsyncDisposableStack(); // unless all goes well
  const { board, perform: work, challenge, prover, journal } = { ...HONEST, ...parts };
  const powers = await createPowersShelf(config.ptau ?? []);
  const observers = new Set<NodeObserver>(observer === undefined ? [] : [observer]);
  const emit = (event: NodeEvent): void => observers.forEach((each) => each(event));
  const privateKey = await loadIdentity(config.dataDir);
  const keep = await openKeep({
    dataDir: config.store === "memory" ? undefined : config.dataDir,
    maxBlobBytes: config.maxBlobBytes ?? MAX_BLOB_BYTES,
    onDamage: (what) => emit({ kind: "blob-damaged", what }),
  });
  undo.defer(() => keep.close());
  emit({ kind: "store-opened", ...describeReport(keep.report) });
  const shelf = createBlobShelf(keep.blobs, Date.now);
  undo.defer(() => shelf.close());
  const members = await createNetwork(
    {
      ...config.network,
      privateKey,
      listen: config.listen,
      bootstrap: config.bootstrap ?? [],
      directory: "server",
      reach: config.reach ?? "local",
      topics: TOPICS,
      blobs: shelf,
      mayFetch: (peer, cid) => shelf.mayFetch(peer, cid),
      software: SOFTWARE,
    },
    emit,
  );
  undo.defer(() => members.stop());
  const network = withOwnCalls(members);
  if (config.roles.includes("broker")) await Broker.greet({ network });
  const threads = config.threads ?? availableParallelism();
  const gpus = await lookForGpus(config);
  const stopping = new AbortController();
  const abort = (): void => stopping.abort(new Error("the node is stopping"));
  const posts = board(createBoard(network));
  const archive = createArchive(config.dataDir, network.peer);
  const watcher = createWatcher({ board: posts, archive, emit });
  network.observe((event) => {
    if (event.kind === "equivocation") watcher.onContradiction(...event.messages);
  });
  const { signal: isStopping } = stopping;
  const onTold = (notice: Notice): void => watcher.onTold(notice);
  await startExchange({ network, board: posts, onTold, stopping: isStopping });
  const context: Context = {
    roles: config.roles,
    brokerConfig: { ...BROKER_DEFAULTS, ...config.broker },
    workerConfig: { ...WORKER_DEFAULTS, ...config.worker },
    cacheDir: config.cacheDir,
    threads,
    network,
    board: posts,
    watcher,
    perform: work,
    describeLeaf: prover.describeLeaf,
    journal: journal(createJournal(keep)),
    keep,
    shelf,
    programs: createPrograms(network, shelf),
    powers,
    sessions: createSessions({
      threads,
      gpu: gpus.choice,
      cacheDir: config.cacheDir,
      openSession: prover.openSession,
    }),
    emit,
    now: Date.now,
    stopping: stopping.signal,
  };
  undo.use(context.sessions);
  const meter = createMeter();
  undo.defer(() => meter.close());
  const lag = measureLag();
  undo.defer(() => lag.stop());
  undo.defer(abort);
  if (config.roles.includes("validator")) await startValidator(context, prover.verifyProof);
  const running = await startRoles(context, {
    dataDir: config.dataDir,
    meter,
    challenge: challenge ?? createChallenge(network, meter),
    gpus: gpus.reports,
  });
  undo.defer(async () => {
    await running.worker?.stop(); // gives its leases back, for which it needs all the rest
    abort();
    await running.broker?.stop();
  });
  const end = undo.move();
  return {
    peer: network.peer,
    addresses: network.addresses(),
    roles: config.roles,
    status: () => ({ ...statusOf(context, running), lag: lag.lag() }),
    observe(each) {
      observers.add(each);
      return () => void observers.delete(each);
    },
    stop: once(() => end.disposeAsync()),
  };
}

interface Running {
  readonly worker: Worker | undefined;
  readonly broker: Broker | undefined;
}

interface Tools {
  readonly dataDir: string;
  readonly meter: Meter;
  readonly challenge: Challenge;
  readonly gpus: readonly GpuReport[];
}

async function startRoles(context: Context, tools: Tools): Promise<Running> {
  const { roles, network, workerConfig } = context;
  const isWorker = roles.includes("prover") || roles.includes("aggregator");
  const benchmark = isWorker ? await benchmarkOf(context, tools) : undefined;
  for (const gpu of tools.gpus) context.emit(gpuEvent(gpu));
  const worker = benchmark && (await Worker.start(context, benchmark));
  if (isWorker) await answerChallenges(network, tools.meter);
  const isBroker = roles.includes("broker");
  const broker = isBroker ? await Broker.start(context, tools.challenge) : undefined;
  void network.capabilities.announce({
    roles: roles.toSorted(),
    backends: benchmark ? backendsOf(benchmark, tools.gpus) : [],
    maxConcurrent: isWorker ? workerConfig.maxConcurrent : 0,
    ask: workerConfig.ask,
    privacy: ["public"],
    versions: { protocol: [PROTOCOL_VERSION], software: SOFTWARE },
  });
  return { worker, broker };
}

async function benchmarkOf(
  { workerConfig, threads, emit }: Context,
  { meter, dataDir }: Tools,
): Promise<Benchmark> {
  const { benchmark } = workerConfig;
  const measured = benchmark ?? (await loadBenchmark({ meter, dataDir, threads }));
  emit({ kind: "measured", ...measured });
  return measured;
}

/** The GPUs that are wanted and there, and what is to be told of those wanted. */
async function lookForGpus({ gpu = "off", cacheDir }: NodeConfig): Promise<{
  readonly choice: GpuChoice;
  readonly reports: readonly GpuReport[];
}> {
  if (gpu === "off") return { choice: "off", reports: [] };
  if (gpu === "auto") {
    const report = await reportGpu(cacheDir);
    return { choice: report.ok ? "auto" : "off", reports: [report] };
  }
  const look = async (adapter: string): Promise<GpuReport> =>
    reportGpu(cacheDir, { adapter, software: true });
  const reports = await Promise.all(gpu.map(look));
  return { choice: gpu.filter((_, i) => reports[i]!.ok), reports };
}

const gpuEvent = (gpu: GpuReport): NodeEvent =>
  gpu.ok
    ? { kind: "gpu", device: gpu.facts.description, layout: gpu.layout }
    : { kind: "no-gpu", reason: gpu.message };

/** Characters of a device's name in an advert. */
const MAX_DEVICE = 128;
/** Of an advert, the processor among them. */
const MAX_BACKENDS = 16;

/** The processor, and the GPUs that its threads have some of their work done by. */
function backendsOf(benchmark: Benchmark, gpus: readonly GpuReport[]): Backend[] {
  const cpu: Backend = {
    kind: "cpu",
    device: `${availableParallelism()} cores`,
    memoryBytes: totalmem(),
    benchmark,
  };
  const others = gpus.flatMap((gpu): Backend[] => {
    if (!gpu.ok) return [];
    const { facts, points, ms } = gpu;
    const msmPointsPerSecond = Math.round((1000 * points) / ms);
    const { mergesPerMinute } = benchmark;
    return [
      {
        kind: "webgpu",
        device: (facts.description || `${facts.vendor} ${facts.device}`).slice(0, MAX_DEVICE),
        memoryBytes: facts.maxBufferBytes,
        benchmark: { msmPointsPerSecond, mergesPerMinute },
      },
    ];
  });
  return [cpu, ...others].slice(0, MAX_BACKENDS);
}

function statusOf(
  { network, roles, shelf, watcher }: Context,
  { worker, broker }: Running,
): Omit<NodeStatus, "lag"> {
  return {
    peer: network.peer,
    addresses: network.addresses(),
    roles,
    peers: network.peers(),
    leases: (worker?.held ?? []).map(({ job, task, epoch, price, deadline }) => ({
      job,
      task,
      epoch,
      price,
      deadline,
    })),
    jobs: (broker?.jobs ?? []).map(({ job, requester, result, tasks }) => ({
      job,
      requester,
      phase: result.kind,
      tasks: tasks.all,
      verified: tasks.verified,
    })),
    standings: (broker?.standing.experiences() ?? []).map((each) => ({
      ...each,
      convicted: watcher.isConvicted(each.peer),
    })),
    books: broker?.books.status,
    blobs: shelf.held(),
  };
}

/** Later calls wait for the first. */
function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= action());
}

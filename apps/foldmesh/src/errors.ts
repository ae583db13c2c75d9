// What the command line tells the shell, and how an error becomes one sentence.

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** The proof is not valid; a demonstration or a benchmark did not hold. */
  invalid: 1,
  /** Unusable arguments, files or input. */
  unusable: 2,
  /** A fault of Foldmesh itself. */
  fault: 3,
  /** The network did not do it: nobody answered, nobody offered, the job failed. Asking again later may help. */
  network: 4,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type CLIErrorCode =
  | "USAGE"
  | "FILE"
  | "INPUT"
  | "MISMATCH"
  | "ABORTED"
  | "CONFIG"
  | "RUNNING"
  | "NOT_RUNNING"
  | "UNREACHABLE"
  | "LISTEN"
  | "DAEMON";

/** Anything that the user can put right. The message is one sentence: what was expected, what came, what to do. */
export class CLIError extends Error {
  override readonly name: string = "CLIError";
  readonly code: CLIErrorCode;
  readonly exitCode: ExitCode;
  constructor(
    code: CLIErrorCode,
    message: string,
    options?: ErrorOptions & { readonly exitCode?: ExitCode },
  ) {
    super(message, options);
    this.code = code;
    this.exitCode = options?.exitCode ?? EXIT.unusable;
  }
}

/** An error as the user sees it. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
}

/**
 * Errors of our packages carry a stable `code` and a message for the user; everything else is a fault.
 * A compiler's message points into the source by its lines, so it keeps them.
 * @param interruption what an abort was caused by, if a signal came
 */
export function describeError(error: unknown, interruption?: Interruption): Failure {
  if (interruption !== undefined) return interruption;
  if (error instanceof CLIError) {
    return { exitCode: error.exitCode, code: error.code, message: error.message };
  }
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error)) return fault(error);
  const message = code === "COMPILE" ? error.message : sentence(error.message);
  return { exitCode: exitCodeOf(error.name, code), code, message };
}

/** Errors of what others did or did not do; by name, because their classes come with all of libp2p. */
const OTHERS: readonly string[] = ["ClientError", "NetworkError", "RequestRefused"];
/** Of them, those that the user can put right by himself. */
const OURS: readonly string[] = ["BAD_ADDRESS", "BAD_CONFIG", "BAD_BUNDLE"];

const exitCodeOf = (name: string, code: string): ExitCode =>
  OTHERS.includes(name) && !OURS.includes(code) ? EXIT.network : EXIT.unusable;

/** A signal that ended the command. */
export interface Interruption extends Failure {
  readonly signal: NodeJS.Signals;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && !code.startsWith("ERR_") ? code : undefined;
}

function fault(error: unknown): Failure {
  const what = error instanceof Error ? error.message : String(error);
  const message = `this is a fault of Foldmesh itself: ${sentence(what)} (set DEBUG=1 for where it happened, and please report it)`;
  return { exitCode: EXIT.fault, code: "FAULT", message };
}

/** The first paragraph, without line breaks. */
function sentence(message: string): string {
  const [first = ""] = message.trim().split(/\n\s*\n/);
  return first.replaceAll(/\s*\n\s*/g, " ");
}

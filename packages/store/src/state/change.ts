/** One key written or deleted; values are framed. */
export type Op =
  | {
      readonly type: "put";
      readonly room: string;
      readonly key: string;
      readonly value: Uint8Array;
    }
  /** a key as bytes is one that may be damaged, and then stands for no text */
  | { readonly type: "del"; readonly room: string; readonly key: string | Uint8Array };

/** How long logs are, as of the changes before this one. */
export interface Lengths {
  readonly get: (room: string, log: string) => Promise<number>;
  readonly set: (room: string, log: string, length: number) => void;
}

/**
 * Something to be written, made by a repository or a log and given to `commit`, alone or with others. It is prepared when its turn has come:
 * only then is it known where a log ends. A change is used once.
 */
export interface Change {
  readonly prepare: (lengths: Lengths) => Promise<readonly Op[]> | readonly Op[];
}

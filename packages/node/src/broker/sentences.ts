/** Why a job failed, for whoever asked for it; % is the task. */
const SENTENCES: Readonly<Record<string, string>> = {
  DEADLINE: "the deadline passed before the proof was finished: give more time or more money",
  CANCELLED: "the job was called off",
  NO_BIDDERS:
    "nobody bid for % within its price and time: raise the price cap, give more time, or wait until provers join",
  TOO_MANY_ATTEMPTS:
    "% failed too often: every prover that took it gave it back, vanished or cheated",
};

export const sentenceFor = (reason: string, task: string = "some work"): string =>
  (SENTENCES[reason] ?? reason).replace("%", task);

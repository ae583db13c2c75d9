/** Announcements, commits, calls, reveals, awards. */
export const MARKET_TOPIC = "/foldmesh/market/1";
/** Receipts and evidence. */
export const RECORD_TOPIC = "/foldmesh/records/1";
export const TOPICS: readonly string[] = [MARKET_TOPIC, RECORD_TOPIC];

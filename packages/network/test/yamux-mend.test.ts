import type { MessageStream, StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";
import { expect, test } from "vitest";
import { sparing } from "../src/yamux-mend.ts";

/** A muxer as far as frames go: it sends where its connection sends, which refuses when it is closed. */
function muxerOf(connection: MessageStream): StreamMuxer {
  return { send: (data: Uint8Array) => connection.send(data) } as unknown as StreamMuxer;
}

test("frames for a connection that was closed are dropped, others are sent", () => {
  const sent: unknown[] = [];
  const connection = {
    writeStatus: "writable",
    send(data: unknown) {
      if (this.writeStatus !== "writable") throw new Error(`it is ${this.writeStatus}`);
      sent.push(data);
      return false;
    },
  };
  const factory: StreamMuxerFactory = { protocol: "/yamux/1.0.0", createStreamMuxer: muxerOf };
  const muxer = sparing(factory).createStreamMuxer(connection as unknown as MessageStream);
  const { send } = muxer as unknown as { send: (data: unknown) => boolean };

  expect(send("frame")).toBe(false); // the connection's own word: full, wait
  for (const status of ["closing", "closed"]) {
    connection.writeStatus = status;
    expect(send("window update")).toBe(true);
  }
  expect(sent).toEqual(["frame"]);
});

import type { MessageStream, StreamMuxer, StreamMuxerFactory } from "@libp2p/interface";

type Send = (data: unknown) => boolean;

/**
 * A yamux stream answers data with a window update, also when its connection was closed a moment ago. The refusal is thrown in an
 * event listener, where nobody can catch it, and would end the process: any peer that hangs up at the right moment could do that.
 * Frames for a closed connection are dropped instead; its streams are told by the connection's own end.
 */
export function sparing<M extends StreamMuxer>(
  factory: StreamMuxerFactory<M>,
): StreamMuxerFactory<M> {
  const create = factory.createStreamMuxer.bind(factory);
  factory.createStreamMuxer = (connection) => spare(create(connection), connection);
  return factory;
}

function spare<M extends StreamMuxer>(muxer: M, connection: MessageStream): M {
  const inner = muxer as unknown as { send: Send };
  const send = inner.send.bind(muxer);
  inner.send = (data) => {
    const { writeStatus } = connection as MessageStream & { readonly writeStatus?: string };
    return writeStatus === "closed" || writeStatus === "closing" ? true : send(data);
  };
  return muxer;
}

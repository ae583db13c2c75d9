import { type Handler, type Network, NetworkError } from "@foldmesh/network";

/** A node of several roles is a peer of itself: what it asks of itself is answered without a connection. */
export function withOwnCalls(network: Network): Network {
  const handlers = new Map<string, Handler>();
  return {
    ...network,
    async handle(method, handler) {
      const end = await network.handle(method, handler);
      handlers.set(method.name, handler);
      return async () => {
        handlers.delete(method.name);
        await end();
      };
    },
    async call(peer, method, request, options = {}) {
      if (peer !== network.peer) return network.call(peer, method, request, options);
      await Promise.resolve(); // as from another: never within the step that asks
      const handler = handlers.get(method.name);
      if (handler === undefined) {
        throw new NetworkError("UNSUPPORTED", `this node does not answer ${method.name}`);
      }
      const signal = options.signal ?? new AbortController().signal;
      return handler(request, { peer, signal });
    },
  };
}

// Hands the built page to browsers. The files are read once, so no request can name any other.

import { readFile, readdir } from "node:fs/promises";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative, sep } from "node:path";

const BUILD = join(import.meta.dirname, "..", "..", "build");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const HEADERS: Readonly<Record<string, string>> = {
  // the kernels' memory is shared, which browsers want isolated
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  // scripts are the page's own; it dials any node
  "content-security-policy":
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

export interface ServeOptions {
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
}

export interface PageServer {
  /** "http://127.0.0.1:8080/" */
  readonly url: string;
  close(): Promise<void>;
}

/** Why the page cannot be served, with what to do. */
export class PageError extends Error {
  override readonly name: string = "PageError";
  readonly code: "NOT_BUILT" | "LISTEN";
  constructor(code: "NOT_BUILT" | "LISTEN", message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** @throws PageError */
export async function servePage({
  host = "127.0.0.1",
  port = 0,
}: ServeOptions = {}): Promise<PageServer> {
  const files = await readFiles();
  const server = createServer((request, response) => answer(files, request, response));
  await listen(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new PageError(
          "LISTEN",
          `port ${port} of ${host} cannot be listened on (${cause.message}): choose another`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });

type Files = ReadonlyMap<string, { readonly type: string; readonly bytes: Uint8Array }>;

async function readFiles(): Promise<Files> {
  const entries = await readdir(BUILD, { recursive: true, withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  if (!names.includes(join(BUILD, "index.html"))) {
    throw new PageError("NOT_BUILT", 'the page has not been built: run "pnpm run setup"');
  }
  const files = await Promise.all(
    names.map(async (name) => {
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      return [
        `/${relative(BUILD, name).split(sep).join("/")}`,
        { type, bytes: await readFile(name) },
      ] as const;
    }),
  );
  return new Map(files);
}

function answer(
  files: Files,
  { method, url = "/" }: IncomingMessage,
  response: ServerResponse,
): void {
  const path = url.split("?")[0]!;
  const file = files.get(path === "/" ? "/index.html" : path);
  if (method !== "GET" && method !== "HEAD") return end(response, 405, { allow: "GET, HEAD" });
  if (file === undefined) return end(response, 404, {});
  const length = { "content-type": file.type, "content-length": String(file.bytes.length) };
  end(response, 200, length, method === "GET" ? file.bytes : undefined);
}

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): void {
  response.writeHead(status, { ...HEADERS, ...headers });
  response.end(body);
}

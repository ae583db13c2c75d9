// Derived keys are kept by the browser, where it lets a page keep things; else they are derived again.

const SHELF = "verifying-keys-v1";

const request = (name: string): Request => new Request(`/keys/${name}`);

export async function keptKey(name: string): Promise<Uint8Array | undefined> {
  if (!("caches" in globalThis)) return undefined;
  const response = await (await caches.open(SHELF)).match(request(name));
  return response?.bytes();
}

export async function keepKey(name: string, file: Uint8Array<ArrayBuffer>): Promise<void> {
  if (!("caches" in globalThis)) return;
  await (await caches.open(SHELF)).put(request(name), new Response(file));
}

/** Where measurements of a device are kept between runs; texts by name. Failing to keep one is no error. */
export interface Records {
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
}

/** Nothing is kept. */
export const noRecords: Records = { read: async () => null, write: async () => {} };

/** Parsed JSON of a record, or null when there is none that `isValid` accepts. */
export async function readRecord<T>(
  records: Records,
  name: string,
  isValid: (value: unknown) => value is T,
): Promise<T | null> {
  const text = await records.read(name);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isValid(value) ? value : null;
  } catch {
    return null;
  }
}

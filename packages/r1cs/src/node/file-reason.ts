const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or directory",
  EACCES: "this user may not read or write it",
  EPERM: "this user may not read or write it",
  EISDIR: "it is a directory",
  EEXIST: "something else is there",
  ENOTDIR: "a part of its path is not a directory",
  ENOTEMPTY: "it is not empty",
  ENOSPC: "no space is left on the device",
  EROFS: "the file system is read-only",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "its name is too long",
};

/** What the file system found wrong, in words; its own where there are none here. */
export function fileReason(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
}

/**
 * Scripts with golden output, in the style of etcd raft's datadriven tests. A file is a sequence of blocks set apart by blank lines:
 *
 *     # comment
 *     command name key=value key=value
 *     ----
 *     what the command printed
 *
 * `render` runs every command and writes the file anew; a test compares that with the file (`vitest -u` accepts the new one).
 */
export interface Command {
  readonly name: string;
  /** words without "=" after the name */
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

export function render(script: string, run: (command: Command) => readonly string[]): string {
  const blocks = script.split(/\n{2,}/).filter((block) => block.trim() !== "");
  return `${blocks.map((block) => renderBlock(block, run)).join("\n\n")}\n`;
}

function renderBlock(block: string, run: (command: Command) => readonly string[]): string {
  const lines = block.trim().split("\n");
  const end = lines.indexOf("----");
  const input = end < 0 ? lines : lines.slice(0, end);
  const commands = input.filter((line) => !line.startsWith("#"));
  if (commands.length === 0) return input.join("\n");
  return [...input, "----", ...commands.flatMap((line) => run(parse(line)))].join("\n");
}

function parse(line: string): Command {
  const [name = "", ...rest] = line.split(/\s+/);
  const pairs = rest.filter((word) => word.includes("="));
  return {
    name,
    words: rest.filter((word) => !word.includes("=")),
    options: new Map(
      pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    ),
  };
}

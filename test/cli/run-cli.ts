import { main } from '../../src/cli/main.ts'
import { plain } from '../../src/cli/terminal.ts'

export interface CliResult {
  readonly code: number
  readonly out: readonly string[]
  readonly notes: readonly string[]
}

/** Runs one command line in this process. */
export async function runCli(
  args: readonly string[],
  env: Record<string, string> = {},
  stopped: AbortSignal = new AbortController().signal,
): Promise<CliResult> {
  const out: string[] = []
  const notes: string[] = []
  const code = await main(
    args,
    {
      out: async (line) => void out.push(...line.split('\n')),
      note: (line) => void notes.push(...line.split('\n')),
      stopped,
      paint: plain,
    },
    env,
  )
  return { code, out, notes }
}

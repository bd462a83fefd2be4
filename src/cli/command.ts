import type { Terminal } from './terminal.ts'

/** 0 fine, 1 a problem was found, 2 wrong usage, 3 it could not be checked. */
export type ExitCode = 0 | 1 | 2 | 3

/** One verb of the command line. */
export interface Command {
  /** Shown by `--help`: examples first. */
  readonly help: string
  run(args: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<ExitCode>
}

/** Wrong usage: exit 2, with the hint to `--help`. */
export class UsageError extends Error {}

/** What was asked cannot be checked (no such file, not readable, not a journal): exit 3. */
export class CannotCheck extends Error {}

/** @throws CannotCheck when stopped: what was seen so far is no result */
export function checkNotStopped(stopped: AbortSignal): void {
  if (stopped.aborted) throw new CannotCheck('stopped before the end')
}

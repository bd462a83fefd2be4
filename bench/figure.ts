import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'

/** One row of the table: what was measured, and what came of it. */
export interface Figure {
  readonly name: string
  readonly records: number
  readonly seconds: number
  /** Records that were handed over and are nowhere. */
  readonly lost: number
  readonly bytes?: number
  readonly note?: string
}

/** Prints a figure for `bench/run.ts`, one line of JSON each. */
export function report(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`)
}

/** A fresh directory on the disk under test: `BENCH_DIR`, else the work directory. Removed when the process ends. */
export function benchDirectory(): string {
  const directory = mkdtempSync(path.join(process.env['BENCH_DIR'] ?? process.cwd(), '.bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function bytesUnder(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)
}

/** Runs `call` until `total` calls are made, `inFlight` of them at a time; resolves with how many said true. */
export async function keepInFlight(
  inFlight: number,
  total: number,
  call: (i: number) => Promise<boolean>,
): Promise<number> {
  let next = 0
  let confirmed = 0
  const loop = async (): Promise<void> => {
    while (next < total) if (await call(next++)) confirmed++
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  return confirmed
}

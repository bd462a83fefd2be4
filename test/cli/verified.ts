import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchDirectory } from './journal-fixture.ts'
import { libraryJournal, linesOf, onlyStream } from './library-journal.ts'
import { runCli } from './run-cli.ts'

export interface Finding {
  readonly kind: string
  readonly problem: boolean
  readonly number?: number
  readonly streamId?: string
  readonly recordId?: string
  readonly source: string
  readonly line: number
  readonly message: string
}

export interface Summary {
  readonly ok: boolean
  readonly problems: number
  readonly records: number
  readonly ignored: number
  readonly streams: readonly { readonly streamId: string; readonly ended: boolean; readonly last: number }[]
}

export async function verify(...args: string[]): Promise<{ code: number; findings: Finding[]; summary: Summary }> {
  const { code, out } = await runCli(['verify', '--json', ...args])
  const objects = out.map((line) => JSON.parse(line) as Finding & Summary)
  return { code, findings: objects.slice(0, -1), summary: objects.at(-1) as Summary }
}

/** What was found, one short text each: `kind number line`. */
export async function found(...args: string[]): Promise<string[]> {
  const { code, findings, summary } = await verify(...args)
  expect(code).toBe(findings.some(({ problem }) => problem) ? 1 : 0)
  expect(summary.ok).toBe(code === 0)
  return findings.map(
    ({ kind, problem, number = 0, line }) => `${problem ? '' : 'info '}${kind} ${number} line ${line}`,
  )
}

export function recordIdIn(line: string): string {
  return /"audit\.record\.id","value":\{"stringValue":"([0-9a-f-]+)"/.exec(line)?.[1] ?? 'none'
}

let original: Promise<string> | undefined

/** A copy of a journal that the library wrote: line 1 has the start and r-1, line n then record n + 1, line 6 the stop. */
export async function libraryCopy(): Promise<{ journal: string; file: string; stream: string; lines: string[] }> {
  const journal = join(scratchDirectory(), 'journal')
  cpSync(await (original ??= libraryJournal(5)), journal, { recursive: true })
  const { file, id } = await onlyStream(journal)
  return { journal, file, stream: id, lines: linesOf(file) }
}

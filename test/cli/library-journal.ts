import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { journalStreams, type StreamDirectory } from '../../src/cli/journal-files.ts'
import { createAuditLogger } from '../../src/index.ts'
import { decodeLine, sealLine } from '../../src/journal/line.ts'
import { scratchDirectory } from './journal-fixture.ts'

/** A journal that the library itself wrote: start, `count` records in a line each, and stop unless `killed`. */
export async function libraryJournal(
  count: number,
  { directory = join(scratchDirectory(), 'journal') } = {},
): Promise<string> {
  const logger = createAuditLogger({ serviceName: 'cli-test', journal: { dir: directory }, collector: false })
  for (let i = 1; i <= count; i++) {
    const target = { targetType: 'store', targetId: i }
    await logger.emit({ adminUserId: 'alice', action: 'create_store', ...target, requestId: `r-${i}`, details: { i } })
  }
  await logger.shutdown()
  return directory
}

export async function onlyStream(journal: string): Promise<StreamDirectory & { readonly file: string }> {
  const [stream, another] = await journalStreams(journal)
  const [segment, second] = stream?.segments ?? []
  if (stream === undefined || segment === undefined || another !== undefined || second !== undefined) {
    throw new Error(`${journal} should hold one stream of one segment`)
  }
  return { ...stream, file: segment.path }
}

/** The lines of a file, without the empty one behind the last newline. */
export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}

export function writeLines(file: string, lines: readonly string[]): void {
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
}

/** The line with a checksum that fits again, as a careful forger makes it; `change` may also give another head. */
export function resealed(before: string, after: string, head?: string): string {
  const decoded = decodeLine(Buffer.from(before))
  if (!decoded.ok) throw new Error('the line to forge is damaged already')
  const bytes = Buffer.from(`${after}\n`)
  sealLine(bytes, 0, bytes.length, head === undefined ? decoded.header : { ...decoded.header, head })
  return bytes.toString('utf8', 0, bytes.length - 1)
}

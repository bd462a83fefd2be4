import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { journalStreams } from '../../src/cli/journal-files.ts'
import { decodeLine, sealLine } from '../../src/journal/line.ts'

/** Copies a journal and changes the first line that `change` changes, with a fresh checksum, as a careful forger would. */
export async function tamperedCopy(
  journal: string,
  copy: string,
  change: (line: string) => string | undefined,
): Promise<void> {
  cpSync(journal, copy, { recursive: true })
  for (const stream of await journalStreams(copy)) {
    for (const { path } of stream.segments) {
      const lines = readFileSync(path, 'utf8').split('\n')
      const at = lines.findIndex((text) => text !== '' && change(text) !== undefined)
      if (at === -1) continue
      const changed = change(lines[at] ?? '') ?? ''
      if (changed === '') lines.splice(at, 1)
      else lines[at] = resealed(lines[at] ?? '', changed)
      writeFileSync(path, lines.join('\n'))
      return
    }
  }
  throw new Error('nothing to tamper with')
}

function resealed(before: string, after: string): string {
  const decoded = decodeLine(Buffer.from(before))
  if (!decoded.ok) throw new Error('the line to tamper with is damaged already')
  const bytes = Buffer.from(`${after}\n`)
  sealLine(bytes, 0, bytes.length, decoded.header)
  return bytes.toString('utf8', 0, bytes.length - 1)
}

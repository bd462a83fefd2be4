import type { DatabaseSync } from 'node:sqlite'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readCursor, readDelivered } from '../journal/cursor.ts'
import { nodeFileSystem } from '../journal/file-system.ts'
import { decodeLine } from '../journal/line.ts'
import { lockFileName } from '../journal/names.ts'
import { fileLines } from './file-lines.ts'
import { checkNotStopped } from './command.ts'
import type { SegmentFile, StreamDirectory } from './journal-files.ts'
import { attributeText, viewLine, type RecordView } from './record-view.ts'

/** A stream as it stands on the disk. */
export interface StreamState {
  readonly stream: string
  /**
   * `live`: its writer, or who delivers it, holds its lock. `torn`: what stands behind its newest line is no whole line.
   * `ended`: closed in order. `unended`: neither, its process died or was killed.
   */
  readonly state: 'live' | 'ended' | 'unended' | 'torn'
  readonly records: number
  readonly headHash: string
  readonly delivered: number
  readonly undelivered: number
  readonly started?: string
  readonly newest?: string
  readonly oldestUndelivered?: string
  readonly segments: number
  readonly bytes: number
}

/** @throws CannotCheck when stopped */
export async function streamState(stream: StreamDirectory, stopped: AbortSignal): Promise<StreamState> {
  const { id, path, segments } = stream
  const last = await lastLine(segments, stopped)
  const marker = readDelivered(nodeFileSystem, path, id) ?? readCursor(nodeFileSystem, path, id)
  const records = last?.number ?? 0
  const delivered = Math.min(marker?.number ?? 0, records)
  const started = await recordAt(segments, 1, stopped)
  const oldest = delivered < records ? await recordAt(segments, delivered + 1, stopped) : undefined
  return {
    stream: id,
    state: isLocked(path) ? 'live' : last?.torn ? 'torn' : last?.ended ? 'ended' : 'unended',
    records,
    headHash: last?.head ?? '',
    delivered,
    undelivered: records - delivered,
    ...(started === undefined ? {} : { started: started.observedTime }),
    ...(last?.newest === undefined ? {} : { newest: last.newest.observedTime }),
    ...(oldest === undefined ? {} : { oldestUndelivered: oldest.observedTime }),
    segments: segments.length,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

interface LastLine {
  readonly number: number
  readonly head: string
  readonly ended: boolean
  /** Of a stream that ended: behind its end in the same file. What a later, failed segment holds was given up. */
  readonly torn: boolean
  readonly newest: RecordView | undefined
}

/** The valid line with the highest number; it need not be in the last file, since a fault may have lines written again. */
async function lastLine(segments: readonly SegmentFile[], stopped: AbortSignal): Promise<LastLine | undefined> {
  let found: Omit<LastLine, 'torn' | 'newest' | 'ended'> | undefined
  let bytes: Buffer | undefined
  let torn = false
  let tornBehind = false
  for (const { path, first } of [...segments].sort((a, b) => b.generation - a.generation)) {
    if (found !== undefined && first <= found.number) continue
    let damaged = false
    let holdsNewest = false
    for await (const line of fileLines(path)) {
      checkNotStopped(stopped)
      const decoded = line.complete ? decodeLine(line.bytes) : undefined
      if (decoded?.ok !== true) damaged = true
      if (decoded?.ok !== true || decoded.header.last <= (found?.number ?? 0)) continue
      bytes = Buffer.from(line.bytes)
      found = { number: decoded.header.last, head: decoded.header.head }
      damaged = false
      holdsNewest = true
    }
    torn ||= damaged
    if (holdsNewest) tornBehind = damaged
  }
  if (found === undefined) return torn ? { number: 0, head: '', ended: false, torn, newest: undefined } : undefined
  const newest = bytes === undefined ? undefined : viewLine(bytes)?.at(-1)
  const ended = newest !== undefined && attributeText(newest, 'audit.sequence.end') === 'true'
  return { ...found, ended, torn: ended ? tornBehind : torn, newest }
}

async function recordAt(
  segments: readonly SegmentFile[],
  number: number,
  stopped: AbortSignal,
): Promise<RecordView | undefined> {
  for (const { path, first } of [...segments].reverse()) {
    if (first > number) continue
    for await (const { bytes, complete } of fileLines(path)) {
      checkNotStopped(stopped)
      const decoded = complete ? decodeLine(bytes) : undefined
      if (decoded?.ok !== true || decoded.header.last < number) continue
      if (decoded.header.first > number) break
      return viewLine(bytes)?.[number - decoded.header.first]
    }
  }
  return undefined
}

/** Asks for a shared lock, which the writer's exclusive one refuses; nothing is written and nobody is kept waiting. */
function isLocked(directory: string): boolean {
  const file = join(directory, lockFileName)
  if (!existsSync(file)) return false
  let database: DatabaseSync | undefined
  try {
    const { DatabaseSync } = sqlite()
    database = new DatabaseSync(file, { readOnly: true })
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    return /locked|busy/i.test(String(error))
  } finally {
    database?.close()
  }
}

/** Node's own SQLite, without the warning that Node 22 prints for it. */
function sqlite() {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

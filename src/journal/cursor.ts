import { replaceDurably } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import type { DeliveryCursor } from './journal-source.ts'
import { cursorFileName, deliveredFileName, segmentsOf } from './names.ts'

export const startCursor: DeliveryCursor = { number: 0, hash: '' }

const smallFileBytes = 4096
const hashPattern = /^[0-9a-f]{64}$/

/**
 * A stream's cursor as it is on disk; `undefined` when it is missing, unreadable or that of another stream. Then
 * everything kept is sent again: a cursor may lose time, never records.
 */
export function readCursor(fs: FileSystem, directory: string, stream: string): DeliveryCursor | undefined {
  return read(fs, `${directory}/${cursorFileName}`, stream)
}

/** What a stream's marker says: delivered through here, when its segments held so many bytes. */
export interface DeliveredMarker extends DeliveryCursor {
  readonly bytes?: number
}

/** The marker of a stream that was wholly delivered when it was written. */
export function readDelivered(fs: FileSystem, directory: string, stream: string): DeliveredMarker | undefined {
  return read(fs, `${directory}/${deliveredFileName}`, stream)
}

/**
 * True when a stream is marked as delivered and has not grown since. It grows when its writer lived although its lock
 * was lost: then the rest is still to be delivered.
 */
export function isDelivered(fs: FileSystem, directory: string, stream: string): boolean {
  const marker = readDelivered(fs, directory, stream)
  return marker !== undefined && segmentBytes(fs, directory) <= (marker.bytes ?? Infinity)
}

/** `bytes`: the size of the segments whose records are delivered. */
export function writeDelivered(
  fs: FileSystem,
  directory: string,
  stream: string,
  end: DeliveryCursor,
  bytes: number,
): Promise<void> {
  return replaceDurably(fs, directory, deliveredFileName, text(stream, end, bytes))
}

/** Bytes in all segments of a stream. */
export function segmentBytes(fs: FileSystem, directory: string): number {
  return segmentsOf(fs.list(directory)).reduce((sum, { name }) => sum + fs.sizeOf(`${directory}/${name}`), 0)
}

function text(stream: string, cursor: DeliveryCursor, bytes?: number): string {
  return `${JSON.stringify({ stream, number: cursor.number, hash: cursor.hash, bytes })}\n`
}

function read(fs: FileSystem, file: string, stream: string): DeliveredMarker | undefined {
  try {
    const content = fs.readSmall(file, smallFileBytes)
    if (content === undefined) return undefined
    const value = JSON.parse(content.toString()) as Partial<Record<'stream' | keyof DeliveredMarker, unknown>> | null
    const { number, hash, bytes } = value ?? {}
    if (value?.stream !== stream || typeof number !== 'number' || typeof hash !== 'string') return undefined
    if (!Number.isSafeInteger(number) || number < 0) return undefined
    if (number === 0 ? hash !== '' : !hashPattern.test(hash)) return undefined
    return { number, hash, ...(typeof bytes === 'number' ? { bytes } : {}) }
  } catch {
    return undefined
  }
}

/** Keeps a stream's cursor on disk: at most one write under way, the newest wins. */
export class CursorFile {
  readonly #fs: FileSystem
  readonly #directory: string
  readonly #stream: string
  #saved: DeliveryCursor = startCursor
  #saving: Promise<void> | undefined

  constructor(fs: FileSystem, directory: string, stream: string, saved: DeliveryCursor) {
    this.#fs = fs
    this.#directory = directory
    this.#stream = stream
    this.#saved = saved
  }

  /** Durable when it resolves. @throws the system's error */
  async save(cursor: DeliveryCursor): Promise<void> {
    while (this.#saving !== undefined) await this.#saving.catch(() => undefined)
    if (cursor.number <= this.#saved.number) return
    const saving = replaceDurably(this.#fs, this.#directory, cursorFileName, text(this.#stream, cursor))
    this.#saving = saving
    try {
      await saving
      this.#saved = cursor
    } finally {
      this.#saving = undefined
    }
  }
}

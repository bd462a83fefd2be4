import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

export interface FileLine {
  /** Without the newline. Valid until the next line is asked for. */
  readonly bytes: Uint8Array
  /** 1, 2, 3 … */
  readonly line: number
  /** Where it begins in the file. */
  readonly offset: number
  /** False for a last line that no newline ends. */
  readonly complete: boolean
}

const newline = 10
const chunkBytes = 1 << 20

/**
 * The lines of a file from byte `start` on, one chunk at a time in memory (a line longer than a chunk grows it).
 * Blank lines count but are not given. A symbolic link is not followed. A file that is gone has none: retention may take
 * it between two looks.
 */
export async function* fileLines(path: string, start = 0): AsyncGenerator<FileLine, void, undefined> {
  const handle = await openIfThere(path)
  if (handle === undefined) return
  try {
    let buffer = Buffer.allocUnsafe(chunkBytes)
    let held = 0
    let line = 0
    let position = start
    let bufferAt = start
    for (;;) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2)
      const { bytesRead } = await handle.read(buffer, held, buffer.length - held, position)
      if (bytesRead === 0) break
      position += bytesRead
      const filled = held + bytesRead
      let begin = 0
      for (let end = buffer.indexOf(newline, held); end !== -1 && end < filled; end = buffer.indexOf(newline, begin)) {
        line++
        if (end > begin) {
          yield { bytes: buffer.subarray(begin, end), line, offset: bufferAt + begin, complete: true }
        }
        begin = end + 1
      }
      buffer.copyWithin(0, begin, filled)
      held = filled - begin
      bufferAt += begin
    }
    if (held > 0) yield { bytes: buffer.subarray(0, held), line: line + 1, offset: bufferAt, complete: false }
  } finally {
    await handle.close()
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

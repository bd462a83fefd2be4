import { readDelivered } from './cursor.ts'
import type { FileSystem } from './file-system.ts'
import { deliveredFileName, isStreamName, segmentsOf } from './names.ts'

/**
 * Deletes delivered streams, whole, once their marker is older than `retainMillis`. What is not marked as delivered
 * is never deleted. A marker from the future means that the clock jumped: then nothing is deleted.
 */
export function applyRetention(
  fs: FileSystem,
  journalDirectory: string,
  delivered: Set<string>,
  retainMillis: number,
  nowMillis: number,
): void {
  if (retainMillis === Infinity) return
  for (const name of fs.list(journalDirectory)) {
    if (!isStreamName(name) || !delivered.has(name)) continue
    const directory = `${journalDirectory}/${name}`
    if (readDelivered(fs, directory, name) === undefined) continue
    const age = nowMillis - fs.modifiedMillis(`${directory}/${deliveredFileName}`)
    if (age < retainMillis) continue
    fs.removeDirectory(directory)
    delivered.delete(name)
  }
}

/** Bytes in the segments of all streams but one. */
export function bytesIn(fs: FileSystem, journalDirectory: string, except: string | undefined): number {
  let bytes = 0
  for (const stream of fs.list(journalDirectory)) {
    if (!isStreamName(stream) || stream === except) continue
    for (const { name } of segmentsOf(fs.list(`${journalDirectory}/${stream}`))) {
      bytes += fs.sizeOf(`${journalDirectory}/${stream}/${name}`)
    }
  }
  return bytes
}

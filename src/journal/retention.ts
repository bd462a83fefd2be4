import { isDelivered, segmentBytes } from './cursor.ts'
import type { FileSystem } from './file-system.ts'
import type { TakeLock } from './lock.ts'
import { deliveredFileName, hasBegun, isStreamName, lockFileName, segmentsOf } from './names.ts'

export interface Retention {
  readonly fs: FileSystem
  readonly directory: string
  readonly takeLock: TakeLock
  readonly retainMillis: number
  readonly now: () => number
}

/** Longer than any writer takes from making its directory to its first segment. */
const beginMillis = 3_600_000

/**
 * Deletes delivered streams, whole, once their marker is older than `retainMillis`. What is not marked as delivered,
 * or has grown since, is never deleted. A marker from the future means that the clock jumped: then nothing is deleted.
 */
export function applyRetention(retention: Retention, delivered: Set<string>): void {
  const { fs, retainMillis, now } = retention
  if (retainMillis === Infinity) return
  for (const name of fs.list(retention.directory)) {
    if (!isStreamName(name)) continue
    const directory = `${retention.directory}/${name}`
    if (!hasBegun(fs.list(directory))) {
      // Its writer died before the first segment: there never was a record in it.
      if (now() - fs.modifiedMillis(directory) > Math.max(retainMillis, beginMillis)) deleteStream(retention, directory)
      continue
    }
    if (!delivered.has(name)) continue
    if (now() - fs.modifiedMillis(`${directory}/${deliveredFileName}`) < retainMillis) continue
    if (isDelivered(fs, directory, name) && deleteStream(retention, directory)) delivered.delete(name)
  }
}

/** False: another process holds the stream. The marker goes last, so that half a stream is not taken for a damaged one. */
function deleteStream({ fs, takeLock }: Retention, directory: string): boolean {
  const outcome = takeLock(`${directory}/${lockFileName}`)
  if (outcome.state === 'busy') return false
  try {
    for (const { name } of segmentsOf(fs.list(directory))) fs.remove(`${directory}/${name}`)
    fs.removeDirectory(directory)
  } finally {
    if (outcome.state === 'held') outcome.lock.release()
  }
  return true
}

/** Bytes in the segments of all streams but one. */
export function bytesIn(fs: FileSystem, journalDirectory: string, except: string | undefined): number {
  return fs
    .list(journalDirectory)
    .filter((stream) => isStreamName(stream) && stream !== except)
    .reduce((sum, stream) => sum + segmentBytes(fs, `${journalDirectory}/${stream}`), 0)
}

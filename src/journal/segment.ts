import type { FileSystem } from './file-system.ts'
import { segmentFileName } from './names.ts'

/** A file of the stream being written. Once `failed` it is never written or synced again. */
export interface Segment {
  readonly path: string
  readonly name: string
  readonly first: number
  readonly generation: number
  readonly fd: number
  /** Bytes written. */
  size: number
  /** Through here the file's lines are acknowledged: what may be shown outside. */
  durableEnd: number
  /** Since it was made, the stream's and the journal's directories have been fsynced. */
  named: boolean
  /** `open`: takes lines; `sealed`: takes none any more; `closed`: its descriptor is closed as well. */
  state: 'open' | 'sealed' | 'failed' | 'closed'
  /** Its content was copied to another segment, since it lost its name. */
  replaced: boolean
}

export function createSegment(fs: FileSystem, directory: string, first: number, generation: number): Segment {
  const name = segmentFileName(first, generation)
  const path = `${directory}/${name}`
  const fd = fs.createSegment(path)
  return { path, name, first, generation, fd, size: 0, durableEnd: 0, named: false, state: 'open', replaced: false }
}

/** The segment still takes lines or syncs. */
export function isWritable({ state }: Segment): boolean {
  return state === 'open' || state === 'sealed'
}

import type { RecordDigest } from '../../integrity/index.ts'

/** Neighbours of a stream, each linked to the one before: what a journal's line mostly is. Few things to copy. */
interface RecordRun {
  readonly streamId: string
  readonly first: number
  readonly previousHash: string
  /** The hash and the record id of each. */
  readonly text: string
}

/** A request's records in the form in which they pass between threads. */
export type PackedRecords = readonly (RecordRun | RecordDigest)[]

const hashLength = 64
const recordIdLength = 36
const textLength = hashLength + recordIdLength

export function packRecords(digests: readonly RecordDigest[]): PackedRecords {
  const packed: (RecordRun | RecordDigest)[] = []
  for (let index = 0; index < digests.length;) {
    const digest = digests[index] as RecordDigest
    const { streamId, number, previousHash } = digest
    if (!isPlain(digest) || streamId === undefined || number === undefined) {
      packed.push(digest)
      index++
      continue
    }
    const end = runEnd(digests, index)
    let text = ''
    for (const { hash = '', recordId = '' } of digests.slice(index, end)) text += hash + recordId
    packed.push({ streamId, first: number, previousHash, text })
    index = end
  }
  return packed
}

export function unpackRecords(packed: PackedRecords): RecordDigest[] {
  const digests: RecordDigest[] = []
  for (const part of packed) {
    if ('text' in part) unpackRun(part, digests)
    else digests.push(part)
  }
  return digests
}

function unpackRun({ streamId, first, previousHash, text }: RecordRun, digests: RecordDigest[]): void {
  // Strings that are cut out of a long one keep it in memory as long as they live; those out of bytes do not.
  const bytes = Buffer.from(text, 'latin1')
  let previous = previousHash
  for (let at = 0, number = first; at < bytes.length; at += textLength, number++) {
    const hash = bytes.toString('latin1', at, at + hashLength)
    const recordId = bytes.toString('latin1', at + hashLength, at + textLength)
    digests.push({ recordId, streamId, number, previousHash: previous, end: false, hash })
    previous = hash
  }
}

/** Behind the last record that continues what begins at `start`. */
function runEnd(digests: readonly RecordDigest[], start: number): number {
  let end = start + 1
  for (; end < digests.length; end++) {
    const before = digests[end - 1] as RecordDigest
    const { streamId, number, previousHash } = digests[end] as RecordDigest
    if (streamId !== before.streamId || number !== (before.number ?? 0) + 1 || previousHash !== before.hash) break
    if (!isPlain(digests[end] as RecordDigest)) break
  }
  return end
}

/** All that it says fits into a run. */
function isPlain({ recordId, hash, end, adoption }: RecordDigest): boolean {
  return !end && adoption === undefined && hash?.length === hashLength && isUuidLike(recordId)
}

function isUuidLike(recordId: string | undefined): boolean {
  return recordId !== undefined && recordId.length === recordIdLength && /^[0-9A-Fa-f-]*$/.test(recordId)
}

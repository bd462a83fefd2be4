import type { RangeDigest } from './file-range.ts'
import { isUnreadable, type LineDigest, type UnreadableText } from './line-digest.ts'
import { packRecords, unpackRecords, type PackedRecords } from './record-runs.ts'

interface PackedLine extends Omit<LineDigest, 'requests'> {
  readonly requests: readonly (PackedRecords | UnreadableText)[]
}

/** A {@link RangeDigest} in the form in which it passes between threads: copying objects one by one takes long. */
export interface PackedRange {
  readonly lines: number
  readonly digests: readonly PackedLine[]
}

export function packRange({ lines, digests }: RangeDigest): PackedRange {
  return {
    lines,
    digests: digests.map((digest) => ({
      ...digest,
      requests: digest.requests.map((request) => (isUnreadable(request) ? request : packRecords(request))),
    })),
  }
}

export function unpackRange({ lines, digests }: PackedRange): RangeDigest {
  return {
    lines,
    digests: digests.map((digest) => ({
      ...digest,
      requests: digest.requests.map((request) => ('damage' in request ? request : unpackRecords(request))),
    })),
  }
}

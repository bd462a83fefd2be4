const streamName = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const segmentPattern = /^(\d{20})-(\d{6})\.otlp\.jsonl$/

/** A segment by its file name: `<first number, 20 digits>-<generation, 6 digits>.otlp.jsonl`. */
export interface SegmentName {
  readonly name: string
  readonly first: number
  /** Counts the segments of a stream; two segments may begin with the same number, never with the same generation. */
  readonly generation: number
}

export function segmentFileName(first: number, generation: number): string {
  return `${String(first).padStart(20, '0')}-${String(generation).padStart(6, '0')}.otlp.jsonl`
}

/** True for the name of a stream's directory. Only names that match a pattern are ever opened. */
export function isStreamName(name: string): boolean {
  return streamName.test(name)
}

/**
 * The segments among a directory's names, in the order in which they were written. Numbers mostly grow along; where a
 * segment failed or was deleted under its writer, a later one begins lower again.
 */
export function segmentsOf(names: readonly string[]): SegmentName[] {
  const segments: SegmentName[] = []
  for (const name of names) {
    const match = segmentPattern.exec(name)
    if (match !== null) segments.push({ name, first: Number(match[1]), generation: Number(match[2]) })
  }
  return segments.sort((a, b) => a.generation - b.generation || a.first - b.first)
}

export const cursorFileName = 'cursor.json'
export const deliveredFileName = 'delivered.json'
export const lockFileName = 'lock'
export const reserveFileName = 'reserve'
export const setAsideDirectoryName = 'set-aside'

/** A stream's directory with these names holds a record, or did once. */
export function hasBegun(names: readonly string[]): boolean {
  return names.includes(cursorFileName) || names.includes(deliveredFileName) || segmentsOf(names).length > 0
}

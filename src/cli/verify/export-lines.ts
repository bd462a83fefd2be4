import type { TrailRecord } from '../../integrity/index.ts'
import { fileLines } from '../file-lines.ts'
import type { Adoptions } from './adoptions.ts'
import { readRecords } from './stream-lines.ts'
import { stillGrows } from './still-grows.ts'

/** Other signals that a Collector's file exporter may have been given as well. */
const otherSignal = /^\s*\{\s*"resource(Spans|Metrics|Profiles)"/

/** The records of OTLP/JSON lines as a Collector's file exporter writes them: any order, batches of any streams. */
export async function* exportedRecords(
  files: readonly string[],
  adoptions: Adoptions,
): AsyncGenerator<TrailRecord, void, undefined> {
  for (const source of files) {
    for await (const { bytes, line, complete, offset } of fileLines(source)) {
      if (!complete && (await stillGrows(source, offset + bytes.length))) continue
      const records = readRecords(bytes)
      if (!('damage' in records)) {
        for (const record of records) {
          adoptions.note(record)
          yield { record, source, line }
        }
      } else if (!otherSignal.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'))) {
        const cut = { damage: 'torn' as const, message: `the line is cut off: ${records.message}` }
        yield { ...(complete ? records : cut), source, line }
      }
    }
  }
}

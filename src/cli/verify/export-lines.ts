import type { OtlpLogRecord, TrailRecord } from '../../integrity/index.ts'
import { fileLines } from '../file-lines.ts'
import type { Adoptions } from './adoptions.ts'
import type { JudgedFinding } from './damage.ts'
import { readRecords } from './stream-lines.ts'
import { stillGrows } from './still-grows.ts'

/** Other signals that a Collector's file exporter may have been given as well. */
const otherSignal = /^\s*\{\s*"resource(Spans|Metrics|Profiles)"/

/** Where a request begins, also behind what a killed Collector left; inside a JSON string its quotes are escaped. */
const requestStart = /(?=\{"resource(?:Logs|Spans|Metrics|Profiles)":\[)/

/**
 * The records of OTLP/JSON lines as a Collector's file exporter writes them: any order, batches of any streams. It does
 * not write a request and its newline as one: a Collector that is killed leaves a request, whole or cut, onto whose line
 * its next life writes. What was cut so was never acknowledged; it is noted, and the chain tells whether it came again.
 */
export async function* exportedRecords(
  files: readonly string[],
  adoptions: Adoptions,
  note: (finding: JudgedFinding) => void,
): AsyncGenerator<TrailRecord, void, undefined> {
  for (const source of files) {
    for await (const { bytes, line, complete, offset } of fileLines(source)) {
      if (!complete && (await stillGrows(source, offset + bytes.length))) continue
      const place = { source, line }
      const whole = readRecords(bytes)
      const pieces = 'damage' in whole ? piecesOf(bytes) : [bytes]
      for (const [i, piece] of pieces.entries()) {
        const records = piece === bytes ? whole : readRecords(piece)
        if (!('damage' in records)) {
          yield* placed(records, adoptions, place)
        } else if (i < pieces.length - 1) {
          note(cutByKill(source, line))
        } else if (!otherSignal.test(Buffer.from(piece.subarray(0, 64)).toString('latin1'))) {
          const cut = { damage: 'torn' as const, message: `the line is cut off: ${records.message}` }
          yield { ...(complete ? records : cut), ...place }
        }
      }
    }
  }
}

function* placed(
  records: readonly OtlpLogRecord[],
  adoptions: Adoptions,
  place: { readonly source: string; readonly line: number },
): Generator<TrailRecord, void, undefined> {
  for (const record of records) {
    adoptions.note(record)
    yield { record, ...place }
  }
}

/** What stands on a line that cannot be read as one request. */
function piecesOf(bytes: Uint8Array): Uint8Array[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return text.split(requestStart).map((piece) => Buffer.from(piece, 'latin1'))
}

function cutByKill(source: string, line: number): JudgedFinding {
  const message = 'a request is cut off and another follows on its line: the writer was killed, its next life wrote on'
  return {
    kind: 'torn',
    level: 'info',
    streamId: undefined,
    number: undefined,
    recordId: undefined,
    source,
    line,
    message,
  }
}

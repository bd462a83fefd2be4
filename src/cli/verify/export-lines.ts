import type { RecordDigest, TrailRecord } from '../../integrity/index.ts'
import type { Adoptions } from './adoptions.ts'
import type { JudgedFinding } from './damage.ts'
import type { DigestedFiles } from './digested-files.ts'
import { isUnreadable, type LineDigest } from './line-digest.ts'
import { stillGrows } from './still-grows.ts'
import type { Strangers } from './strangers.ts'

/**
 * The records of OTLP/JSON lines as a Collector's file exporter writes them: any order, batches of any streams. It does
 * not write a request and its newline as one: a Collector that is killed leaves a request, whole or cut, onto whose line
 * its next life writes. What was cut so was never acknowledged; it is noted, and the chain tells whether it came again.
 */
export async function* exportedRecords(
  files: readonly string[],
  digested: DigestedFiles,
  adoptions: Adoptions,
  strangers: Strangers,
  note: (finding: JudgedFinding) => void,
): AsyncGenerator<readonly TrailRecord[], void, undefined> {
  for (const source of files) {
    for await (const lines of digested.lines(source)) {
      for (const line of lines) {
        strangers.note(source, line)
        if (!line.complete && (await stillGrows(source, line.end))) continue
        yield* recordsOn(line, source, adoptions, note)
      }
    }
  }
}

function* recordsOn(
  { line, complete, requests }: LineDigest,
  source: string,
  adoptions: Adoptions,
  note: (finding: JudgedFinding) => void,
): Generator<readonly TrailRecord[], void, undefined> {
  const place = { source, line }
  for (const [i, request] of requests.entries()) {
    if (!isUnreadable(request)) {
      yield placed(request, adoptions, place)
    } else if (i < requests.length - 1) {
      note(cutByKill(source, line))
    } else if (request.begins !== 'other signal') {
      const { damage, message } = request
      const cut = { damage: 'torn' as const, message: `the line is cut off: ${message}` }
      yield [{ ...(complete ? { damage, message } : cut), ...place }]
    }
  }
}

function placed(
  digests: readonly RecordDigest[],
  adoptions: Adoptions,
  { source, line }: { readonly source: string; readonly line: number },
): readonly TrailRecord[] {
  return digests.map((digest) => {
    adoptions.note(digest)
    return { digest, source, line }
  })
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

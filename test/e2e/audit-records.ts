import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCollectorOutput } from './collector-output.ts'

/** A record as plain JSON.parse shows it: nothing of the library reads it here. */
export interface SeenRecord {
  readonly eventName: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Readonly<Record<string, string>>
  /** `<stream> <number>`, or `''` for a record outside the journal. */
  readonly place: string
  readonly requestId: string
  readonly resource: Readonly<Record<string, string>>
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number }
}

interface LogsRequest {
  readonly resourceLogs?: readonly {
    readonly resource?: { readonly attributes?: readonly Attribute[] }
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly eventName?: string
        readonly traceId?: string
        readonly spanId?: string
        readonly attributes?: readonly Attribute[]
      }[]
    }[]
  }[]
}

const asObject = (attributes: readonly Attribute[] = []): Record<string, string> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(value.stringValue ?? value.intValue)]))

function seenIn(request: string): SeenRecord[] {
  const { resourceLogs = [] } = JSON.parse(request) as LogsRequest
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ eventName = '', traceId = '', spanId = '', attributes }) => {
        const own = asObject(attributes)
        const stream = own['audit.sequence.stream_id']
        return {
          eventName,
          traceId,
          spanId,
          attributes: own,
          place: stream === undefined ? '' : `${stream} ${own['audit.sequence.number'] ?? ''}`,
          requestId: own['audit.request.id'] ?? '',
          resource: asObject(resource?.attributes),
        }
      }),
    ),
  )
}

/** What a Collector's file exporter wrote, in the order of the file. */
export function recordsOfCollector(file: string): SeenRecord[] {
  return readCollectorOutput(file).requests.flatMap(seenIn)
}

/** What stands in a journal. */
export function recordsOfJournal(journal: string): SeenRecord[] {
  return readdirSync(journal, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.otlp.jsonl'))
    .flatMap((name) => readFileSync(join(journal, name), 'utf8').split('\n').slice(0, -1).flatMap(seenIn))
}

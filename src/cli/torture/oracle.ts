import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifySources } from '../verify/verify-sources.ts'
import { trailSources } from '../trail-sources.ts'

/** What stands on the disk, read by plain means and not as the library reads it. */
export interface OnDisk {
  readonly recordIds: ReadonlySet<string>
  readonly streams: number
  /** Records that the trail says were refused. */
  readonly told: number
  readonly setAside: number
}

interface PlainValue {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly kvlistValue?: { readonly values?: readonly PlainPair[] }
}

interface PlainPair {
  readonly key: string
  readonly value?: PlainValue
}

interface PlainRecord {
  readonly eventName?: string
  readonly attributes?: readonly PlainPair[]
  readonly body?: PlainValue
}

interface PlainLine {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly PlainRecord[] }[] }[]
}

export function readDisk(directory: string): OnDisk {
  const recordIds = new Set<string>()
  let told = 0
  const streams = readdirSync(directory).filter((name) => name.length === 36)
  for (const record of streams.flatMap((stream) => recordsIn(join(directory, stream)))) {
    const id = find(record.attributes, 'audit.record.id')?.stringValue
    if (id === undefined || recordIds.has(id)) continue
    recordIds.add(id)
    const body = record.body?.kvlistValue?.values
    const isRefusal = record.eventName === 'audit.pipeline.gap' && find(body, 'reason')?.stringValue !== 'set_aside'
    if (isRefusal) told += Number(find(body, 'unconfirmed')?.intValue ?? 0)
  }
  return { recordIds, streams: streams.length, told, setAside: namesIn(join(directory, 'set-aside')).length }
}

function recordsIn(stream: string): PlainRecord[] {
  const lines = readdirSync(stream)
    .filter((name) => name.endsWith('.otlp.jsonl'))
    .flatMap((name) => readFileSync(join(stream, name), 'utf8').split('\n'))
  return lines.flatMap((line) => {
    try {
      const { resourceLogs } = JSON.parse(line) as PlainLine
      return resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    } catch {
      return [] // the torn end of a killed life
    }
  })
}

function find(pairs: readonly PlainPair[] | undefined, key: string): PlainValue | undefined {
  return pairs?.find((pair) => pair.key === key)?.value
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

/**
 * What `otel-audit verify` would find in a journal. Of a stream in `heads` only through the highest number that was
 * confirmed: behind it a failing disk may leave parts of what was refused.
 */
export async function alarmsOf(directory: string, heads?: ReadonlyMap<string, number>): Promise<string[]> {
  const { findings } = await verifySources(await trailSources(directory), { partial: false })
  return findings
    .filter(({ level, unexplained }) => level === 'error' || unexplained === true)
    .filter(
      ({ streamId, number }) => (number ?? 0) <= (heads?.get(streamId ?? '') ?? (heads === undefined ? Infinity : 0)),
    )
    .map(({ kind, source, line, message }) => `${source}:${line}: ${kind}: ${message}`)
}

export function missingFrom(wanted: Iterable<string>, there: ReadonlySet<string>): string[] {
  return [...wanted].filter((id) => !there.has(id))
}

import type { OtlpLogRecord } from '../otlp/otlp-log-record.ts'

/** What a stream says of another one that it took over: how far that one went. */
export interface AdoptionClaim {
  readonly streamId: string
  readonly lastNumber: number
  readonly headHash: string
}

/** The claim in a record `audit.pipeline.adopt`; `undefined` for other records and for one without a whole claim. */
export function adoptionIn(record: OtlpLogRecord): AdoptionClaim | undefined {
  if (record.eventName !== 'audit.pipeline.adopt') return undefined
  const entries = new Map((record.body?.kvlistValue?.values ?? []).map(({ key, value }) => [key, value]))
  const streamId = entries.get('streamId')?.stringValue
  const headHash = entries.get('headHash')?.stringValue
  const lastNumber = entries.get('lastNumber')?.intValue
  if (typeof streamId !== 'string' || typeof headHash !== 'string' || lastNumber === undefined) return undefined
  return { streamId, headHash, lastNumber: Number(lastNumber) }
}

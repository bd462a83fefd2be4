import type { OtlpLogRecord } from '../otlp/otlp-log-record.ts'

/** What a stream says of another one that it took over: how far that one went. */
export interface AdoptionClaim {
  readonly streamId: string
  readonly lastNumber: number
  /** Integrity hash of that record, when it is told. */
  readonly headHash: string | undefined
  /** The end of the stream was found torn. */
  readonly torn: boolean
}

/** The claim in a record `audit.pipeline.adopt`; `undefined` for other records and for one without a whole claim. */
export function adoptionIn(record: OtlpLogRecord): AdoptionClaim | undefined {
  if (record.eventName !== 'audit.pipeline.adopt') return undefined
  const entries = new Map((record.body?.kvlistValue?.values ?? []).map(({ key, value }) => [key, value]))
  const streamId = entries.get('streamId')?.stringValue
  const headHash = entries.get('headHash')?.stringValue
  const lastNumber = Number(entries.get('lastNumber')?.intValue)
  if (typeof streamId !== 'string' || !Number.isSafeInteger(lastNumber)) return undefined
  return { streamId, headHash, lastNumber, torn: entries.get('state')?.stringValue === 'torn' }
}

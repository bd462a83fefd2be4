import { randomUUID } from 'node:crypto'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { encodeResource, encodeScope } from '../integrity/encode-envelope.ts'
import { sealRecord } from '../integrity/seal.ts'
import type { RecordFields } from '../integrity/sealed-record.ts'
import type { Adoption } from '../journal/backlog.ts'
import type { Gap } from '../journal/gap-ledger.ts'
import type { RecordCodec } from '../journal/record-codec.ts'

/** What the journal is given of a record: its sealed fields, and the text that stands before records of its resource. */
export interface JournalRecord {
  readonly fields: RecordFields
  readonly opening: string
}

/** How audit records become lines: OTLP/JSON on the wire, sealed by the canonical form's hash (rules I1, I2, I7, I8). */
export const journalCodec: RecordCodec<JournalRecord> = {
  seal: (record, position) => sealRecord(record.fields, position),
  opening: (record) => record.opening,
  closing: ']}]}',
}

type Resource = Pick<ReadableLogRecord['resource'], 'attributes' | 'asyncAttributesPending'>

/** Encodes each Resource once; while its asynchronous attributes are pending, as far as it is known. */
export class Openings {
  readonly #scope: string
  readonly #known = new WeakMap<Resource, { readonly text: string; readonly complete: boolean }>()

  constructor(version: string) {
    this.#scope = encodeScope('otel-audit', version)
  }

  of(resource: Resource): string {
    const known = this.#known.get(resource)
    if (known?.complete === true) return known.text
    const complete = resource.asyncAttributesPending !== true
    const attributes = encodeResource(settledAttributes(resource))
    const text = `{"resource":${attributes},"scopeLogs":[{"scope":${this.#scope},"logRecords":[`
    if (known?.text === text && !complete) return known.text
    this.#known.set(resource, { text, complete })
    return text
  }
}

/** A Resource's attributes without those whose value is still a promise. */
export function settledAttributes(resource: Pick<Resource, 'attributes'>): Record<string, unknown> {
  const settled: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(resource.attributes)) {
    if (value !== undefined && !(value instanceof Promise)) settled[key] = value
  }
  return settled
}

let lastSeconds = -1
let lastNanos = -1
let lastText = ''

/** Nanoseconds since the epoch as text; records of the same millisecond share it. */
function nanoText([seconds, nanos]: readonly [number, number]): string {
  if (seconds !== lastSeconds || nanos !== lastNanos) {
    lastSeconds = seconds
    lastNanos = nanos
    lastText = seconds === 0 && nanos === 0 ? '0' : `${seconds}${String(nanos).padStart(9, '0')}`
  }
  return lastText
}

/** The sealed fields of a log record. */
export function fieldsOf(record: ReadableLogRecord): RecordFields {
  const { spanContext } = record
  return {
    timeUnixNano: nanoText(record.hrTime),
    observedTimeUnixNano: nanoText(record.hrTimeObserved),
    eventName: record.eventName ?? '',
    traceId: spanContext?.traceId ?? '',
    spanId: spanContext?.spanId ?? '',
    body: record.body,
    attributes: record.attributes,
  }
}

/** What takes records now, and what has begun or ceased to. */
export interface BackendChange {
  readonly backends: readonly string[]
  readonly enabled: readonly string[]
  readonly disabled: readonly string[]
}

/** Makes the audit records of the trail's own life: start, adopt, gap, configuration, stop. Their actor is the system. */
export class PipelineRecordMaker {
  readonly #opening: () => string
  readonly #about: () => Record<string, unknown>
  readonly #now: () => number

  /** `about`: Resource, software and modes, for the start record's Body. */
  constructor(settings: { opening: () => string; about: () => Record<string, unknown>; now: () => number }) {
    this.#opening = settings.opening
    this.#about = settings.about
    this.#now = settings.now
  }

  start(stream: string, reason: string | undefined): JournalRecord {
    return this.#make('start', stream, { ...this.#about(), ...(reason === undefined ? {} : { reason }) })
  }

  adopt({ stream, lastNumber, headHash, state, deliveredThrough }: Adoption): JournalRecord {
    const lost = deliveredThrough === undefined ? {} : { deliveredThrough }
    return this.#make('adopt', stream, { streamId: stream, lastNumber, headHash, state, ...lost })
  }

  /** Records that were refused or set aside are `unconfirmed`, never `lost`: some of them may be there all the same. */
  gap(stream: string, { reason, count, firstMillis, lastMillis }: Gap): JournalRecord {
    const times = { firstTime: new Date(firstMillis).toISOString(), lastTime: new Date(lastMillis).toISOString() }
    return this.#make('gap', stream, { reason, unconfirmed: count, ...times }, { 'audit.outcome': 'failure' })
  }

  /** The backends that take records have changed while the process ran. */
  configuration(change: BackendChange): JournalRecord {
    const target = { 'audit.target.id': 'backends', 'audit.target.type': 'audit_configuration' }
    return this.#make('configuration', '', { ...change }, target)
  }

  /** Carries `audit.sequence.end` (rule I9). */
  stop(stream: string): JournalRecord {
    return this.#make('stop', stream, undefined, { 'audit.sequence.end': true })
  }

  #make(action: string, stream: string, body: unknown, more: Record<string, unknown> = {}): JournalRecord {
    const millis = this.#now()
    const nanos = nanoText([Math.floor(millis / 1000), (millis % 1000) * 1_000_000])
    const attributes = {
      'audit.action': action,
      'audit.actor.id': 'otel-audit',
      'audit.actor.type': 'system',
      'audit.outcome': 'success',
      'audit.record.id': randomUUID(),
      'audit.schema.version': '1.0.0',
      'audit.target.id': stream,
      'audit.target.type': 'audit_stream',
      ...more,
    }
    const eventName = `audit.pipeline.${action}`
    const fields = {
      timeUnixNano: nanos,
      observedTimeUnixNano: nanos,
      eventName,
      traceId: '',
      spanId: '',
      body,
      attributes,
    }
    return { fields, opening: this.#opening() }
  }
}

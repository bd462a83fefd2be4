import type { OtlpLogRecord } from '../../otlp/otlp-log-record.ts'

export interface Adopted {
  readonly lastNumber: number
  readonly torn: boolean
}

/** What later streams recorded of the ends of the streams that they took over. */
export class Adoptions {
  readonly #adopted = new Map<string, Adopted>()

  note(record: OtlpLogRecord): void {
    if (record.eventName !== 'audit.pipeline.adopt') return
    const body = new Map(record.body?.kvlistValue?.values?.map(({ key, value }) => [key, value]))
    const stream = body.get('streamId')?.stringValue
    const lastNumber = Number(body.get('lastNumber')?.intValue)
    if (stream === undefined || !Number.isSafeInteger(lastNumber)) return
    const torn = body.get('state')?.stringValue === 'torn' || this.#adopted.get(stream)?.torn === true
    this.#adopted.set(stream, { lastNumber: Math.max(lastNumber, this.#adopted.get(stream)?.lastNumber ?? 0), torn })
  }

  of(stream: string): Adopted | undefined {
    return this.#adopted.get(stream)
  }
}

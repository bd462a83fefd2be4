/** One log record as OTLP/JSON spells it, as far as the hostile collector looks into it. */
export interface CollectedRecord {
  readonly timeUnixNano?: string | number
  readonly eventName?: string
  readonly traceId?: string
  readonly spanId?: string
  readonly body?: unknown
  readonly attributes?: readonly { readonly key: string; readonly value?: Readonly<Record<string, unknown>> }[]
}

interface Common {
  /** True: the records are taken all the same (failed, but persisted). Default false. */
  readonly keeps?: boolean
}

/**
 * How the hostile collector answers. `good` is an honest OTLP receiver. A 2xx with an empty body of certain length
 * (`{ kind: 'answer', body: '' }`) is a confirmation, as many receivers give it, although nothing is kept here.
 */
export type HostileBehaviour =
  | { readonly kind: 'good' }
  /** Any status, such as 400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 500, 503. */
  | (Common & {
      readonly kind: 'status'
      readonly status: number
      /** Seconds, an HTTP date, or anything absurd. */
      readonly retryAfter?: string | number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    })
  | (Common & { readonly kind: 'redirect'; readonly location: string; readonly status?: number })
  /** 200 with a web page, as a captive portal or a proxy gives it. */
  | (Common & { readonly kind: 'html' })
  /** 200 with this body. */
  | (Common & { readonly kind: 'answer'; readonly body: string; readonly headers?: Readonly<Record<string, string>> })
  /** 200 whose body ends before its announced length. */
  | (Common & { readonly kind: 'cut' })
  /** Takes all but the first `rejected` records and says so, in the number's or the string's spelling. */
  | {
      readonly kind: 'partial'
      readonly rejected: number
      readonly message?: string
      readonly spelling?: 'string' | 'number'
    }
  /** Resets the connection after that many bytes of the request's body; default: in its middle. */
  | (Common & { readonly kind: 'reset'; readonly afterBytes?: number })
  /** Takes the request and never answers. */
  | (Common & { readonly kind: 'silence' })
  /** Answers byte by byte and never ends. */
  | (Common & { readonly kind: 'trickle'; readonly everyMillis?: number })
  /** Answers with an endless-looking body. Default 1 GiB. */
  | (Common & { readonly kind: 'flood'; readonly bytes?: number; readonly status?: number })
  /** Answers with a small gzip body that decodes to that much. Default 1 GiB. */
  | (Common & { readonly kind: 'gzip-bomb'; readonly bytes?: number })
  /** Refuses a request that holds such a record, as a whole; `partial`: takes the others and says so. */
  | {
      readonly kind: 'refuse'
      readonly when: (record: CollectedRecord) => boolean
      /** Default 400. */
      readonly status?: number | 'partial'
    }
  /** As Loki: a record older than the newest one minus the window is refused for good with 400. Default 1 h. */
  | { readonly kind: 'window'; readonly millis?: number }
  /** Refuses requests larger than that (after decompression) with 413. */
  | { readonly kind: 'limit'; readonly bytes: number }

/**
 * The string or integer value of a record's attribute as text, or undefined; for conditions of `refuse` and `find`.
 *
 * ```ts
 * const when = (record: CollectedRecord) => attributeOf(record, 'audit.action') === 'poison'
 * collector.behave({ kind: 'refuse', when })
 * ```
 */
export function attributeOf(record: CollectedRecord, key: string): string | undefined {
  const value = record.attributes?.find((attribute) => attribute.key === key)?.value
  const text = value?.['stringValue'] ?? value?.['intValue']
  return typeof text === 'string' || typeof text === 'number' ? String(text) : undefined
}

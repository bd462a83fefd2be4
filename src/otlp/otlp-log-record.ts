/** An OTLP/JSON `AnyValue`; an empty object is an unset value. */
export interface OtlpAnyValue {
  readonly stringValue?: string
  /** A decimal string as OTLP/JSON spells int64; numbers are accepted when reading. */
  readonly intValue?: string | number
  readonly doubleValue?: number | string
  readonly boolValue?: boolean
  /** Standard base64. */
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values?: readonly OtlpAnyValue[] }
  readonly kvlistValue?: { readonly values?: readonly OtlpKeyValue[] }
}

export interface OtlpKeyValue {
  readonly key: string
  readonly value?: OtlpAnyValue
}

/** One log record as OTLP/JSON spells it. */
export interface OtlpLogRecord {
  readonly timeUnixNano?: string | number
  readonly observedTimeUnixNano?: string | number
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: OtlpAnyValue
  readonly attributes?: readonly OtlpKeyValue[]
  readonly droppedAttributesCount?: number
  readonly flags?: number
  readonly traceId?: string
  readonly spanId?: string
  readonly eventName?: string
}

export interface OtlpScopeLogs {
  readonly scope?: { readonly name?: string; readonly version?: string; readonly attributes?: readonly OtlpKeyValue[] }
  readonly logRecords?: readonly OtlpLogRecord[]
  readonly schemaUrl?: string
}

export interface OtlpResourceLogs {
  readonly resource?: { readonly attributes?: readonly OtlpKeyValue[]; readonly droppedAttributesCount?: number }
  readonly scopeLogs?: readonly OtlpScopeLogs[]
  readonly schemaUrl?: string
}

/** One OTLP/JSON logs request. */
export interface OtlpLogs {
  readonly resourceLogs: readonly OtlpResourceLogs[]
}

/** How the text of an environment variable, and a value given in code, is read. */
export type SettingType =
  'text' | 'count' | 'millis' | 'bytes' | 'duration' | 'flag' | 'choice' | 'names' | 'headers' | 'file' | 'code'

/** One setting: all that validation, the environment and the documentation need to know of it. */
export interface Setting {
  /** The option's path in code, such as `journal.segmentMaxBytes`. */
  readonly name: string
  readonly variable?: string
  /** OpenTelemetry variables that stand in, first wins. */
  readonly otel?: readonly string[]
  /** The `otel` variables count only with an address from `OTEL_*`, so that what is secret in them goes nowhere else. */
  readonly otelAddressOnly?: true
  readonly type: SettingType
  readonly choices?: readonly string[]
  readonly default?: string | number | boolean
  /** How the default reads, where the value itself does not say it. */
  readonly defaultText?: string
  readonly least?: number
  readonly meaning: string
  /** What choosing another value costs. */
  readonly price: string
}

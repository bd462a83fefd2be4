import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'

/** A processor as it may really be: an `async onEmit` is a mistake that the types do not stop. */
interface Emitting {
  onEmit(record: ReadWriteLogRecord, context: Context): unknown
}

/** Calls `onEmit`; the rejection of an async one must not become an unhandled rejection. */
export function emitTo(
  processor: Emitting,
  record: ReadWriteLogRecord,
  context: Context,
  rejected: (cause: unknown) => void,
): void {
  const returned = processor.onEmit(record, context)
  if (returned instanceof Promise) returned.catch(rejected)
}

import type { Context } from '@opentelemetry/api'
import type { ReadWriteLogRecord } from '@opentelemetry/sdk-logs'
import { promiseOf } from './promise-of.ts'
import { SharedRecord } from './shared-record.ts'

/** A processor as it may really be: an `async onEmit` is a mistake that the types do not stop. */
interface Emitting {
  onEmit(record: ReadWriteLogRecord, context: Context): unknown
}

/** Calls `onEmit`; the rejection of an async one, of whatever realm, must not become an unhandled rejection. */
export function emitTo(
  processor: Emitting,
  record: ReadWriteLogRecord,
  context: Context,
  rejected: (cause: unknown) => void,
): void {
  const returned = processor.onEmit(record instanceof SharedRecord ? record.forOne() : record, context)
  if (returned !== undefined) promiseOf(returned).catch(rejected)
}

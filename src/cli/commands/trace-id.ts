import { traceIdFromRequestId } from '../../context/correlation.ts'
import { everyVerb, parse } from '../arguments.ts'
import { UsageError, type Command } from '../command.ts'
import { toJsonLine } from '../escape.ts'

export const traceId: Command = {
  help: `otel-audit trace-id — the trace ID that a request ID stands for

Examples:
  otel-audit trace-id 4bf92f35-77b3-4da6-a3ce-929d0e0e4736     a UUID or 32 hex digits: the trace ID itself
  otel-audit trace-id order-2026-11-24/17                     anything else: 16 bytes of its SHA-256
  otel-audit trace-id "$TRACEPARENT"                          a W3C traceparent: its trace ID

A record written inside an active span has that span's trace ID instead; search by audit.request.id first.

Usage: otel-audit trace-id [--json] <request id>`,

  async run(args, terminal) {
    const { values, positionals } = parse(args, everyVerb)
    const [requestId, ...more] = positionals
    if (requestId === undefined || requestId === '' || more.length > 0) throw new UsageError('give one request ID')
    const traceId = traceIdFromRequestId(requestId)
    await terminal.out(values.json ? toJsonLine({ requestId, traceId }) : traceId)
    return 0
  },
}

import { join } from 'node:path'
import { viewRequest, type RecordView } from '../../src/cli/record-view.ts'
import { startCollector } from './collector.ts'
import { startOtlpReceiver } from './otlp-receiver.ts'

export interface Span {
  readonly traceId: string
  readonly name: string
}

/** Where the demo's records and spans end up. */
export interface FarEnd {
  readonly what: string
  /** Base address for audit records. */
  readonly auditUrl: string
  /** Base address for traces. */
  readonly tracesUrl: string
  /** What arrived, one OTLP/JSON request a line. */
  readonly file: string
  readonly records: RecordView[]
  readonly spans: Span[]
  /** The first record that matches, now or within the time limit. */
  arrival(matches: (view: RecordView) => boolean, timeoutMillis?: number): Promise<RecordView | undefined>
  /** An outage: nothing is taken until it is over. */
  setAway(away: boolean): void
  close(): Promise<void>
}

/** An embedded receiver; with `collector` a real Collector takes the audit records and the receiver the traces only. */
export async function startFarEnd(directory: string, options: { collector: boolean }): Promise<FarEnd> {
  const records: RecordView[] = []
  const spans: Span[] = []
  const waiting = new Set<() => void>()
  const arrived = (views: readonly RecordView[]) => {
    records.push(...views)
    for (const look of waiting) look()
  }
  const receiver = await startOtlpReceiver(join(directory, 'received.otlp.jsonl'), (path, request) => {
    if (path === '/v1/logs') arrived(viewRequest(request))
    else spans.push(...spansOf(request))
  })
  const collector = options.collector ? await startCollector(directory, arrived) : undefined
  return {
    what: collector?.what ?? 'a small OTLP/HTTP receiver in this process',
    auditUrl: collector?.url ?? receiver.url,
    tracesUrl: receiver.url,
    file: collector?.file ?? join(directory, 'received.otlp.jsonl'),
    records,
    spans,
    async arrival(matches, timeoutMillis = 10_000) {
      return await new Promise((resolve) => {
        const look = () => {
          const found = records.find(matches)
          if (found !== undefined) done(found)
        }
        const done = (found?: RecordView) => {
          clearTimeout(limit)
          waiting.delete(look)
          resolve(found)
        }
        const limit = setTimeout(done, timeoutMillis)
        waiting.add(look)
        look()
      })
    },
    setAway(away) {
      if (collector === undefined) receiver.away = away
      else collector.setAway(away)
    },
    async close() {
      await collector?.stop()
      await receiver.close()
    },
  }
}

function spansOf(request: unknown): Span[] {
  const { resourceSpans = [] } = request as { resourceSpans?: { scopeSpans?: { spans?: Span[] }[] }[] }
  return resourceSpans.flatMap(({ scopeSpans = [] }) => scopeSpans.flatMap((scope) => scope.spans ?? []))
}

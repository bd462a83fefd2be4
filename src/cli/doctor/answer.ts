import type { CollectorSettings } from '../../delivery/collector-settings.ts'
import { createTransport, type TransportResult } from '../../delivery/transport.ts'
import { judge, type Verdict } from '../../delivery/verdict.ts'
import { escapeText } from '../escape.ts'
import type { Check } from './check.ts'

const emptyRequest = Buffer.from('{"resourceLogs":[]}')

/** Posts an empty request as delivery would, and reads the server's clock from the answer. */
export async function checkAnswer(settings: CollectorSettings, limitMillis: number): Promise<Check[]> {
  const limited = { ...settings, timeoutMillis: Math.min(settings.timeoutMillis, limitMillis) }
  const transport = createTransport(limited, 'otel-audit-doctor')
  try {
    const began = Date.now()
    const result = await transport.send(emptyRequest)
    const ended = Date.now()
    const answer = describeVerdict(judge(result, ended), ended - began)
    const skew = clockSkew(result, began, ended)
    return skew === undefined ? [answer] : [answer, skew]
  } finally {
    transport.close()
  }
}

function describeVerdict(verdict: Verdict, millis: number): Check {
  const name = 'answer'
  const data = { verdict: verdict.kind, millis }
  switch (verdict.kind) {
    case 'delivered': {
      const warning = verdict.warning === undefined ? '' : `, saying: ${escapeText(verdict.warning.slice(0, 200))}`
      return { name, status: 'ok', found: `takes OTLP/JSON (an empty request, ${millis} ms)${warning}`, data }
    }
    case 'rejected':
    case 'duplicate': {
      const said = escapeText(verdict.answer.body.slice(0, 200))
      const advice =
        'some backends refuse empty requests only; send a record (otel-audit torture --endpoint) to be sure'
      return { name, status: 'warn', found: `refuses an empty request: ${verdict.reason} ${said}`.trim(), advice, data }
    }
    case 'endpoint': {
      const advice =
        'correct address, credentials or certificate; until then delivery pauses and every record waits here'
      return { name, status: 'fail', found: verdict.reason, advice, data }
    }
    case 'retry': {
      const advice =
        'no confirmation could be read from it, so nothing would count as delivered; look at the collector’s log'
      return { name, status: 'fail', found: verdict.reason, advice, data }
    }
  }
}

/** `Date` has whole seconds and may be anything between request and answer. */
function clockSkew(result: TransportResult, began: number, ended: number): Check | undefined {
  const name = 'clock'
  if (result.kind !== 'answer') return undefined
  const date = Date.parse(result.headers.date ?? '')
  if (Number.isNaN(date)) return { name, status: 'ok', found: 'the collector tells no time (no Date header)' }
  const skewMillis = date + 1_000 < began ? date + 1_000 - began : date > ended ? date - ended : 0
  const seconds = Math.ceil(Math.abs(skewMillis) / 1_000)
  const data = { skewMillis }
  if (seconds <= 2) return { name, status: 'ok', found: 'the collector’s clock and this one agree', data }
  const found = `the collector’s clock is ${seconds} s ${skewMillis > 0 ? 'ahead of' : 'behind'} this one`
  const advice = 'set both by NTP: backends refuse records from too far in the past or future'
  return { name, status: seconds > 300 ? 'fail' : seconds > 5 ? 'warn' : 'ok', found, advice, data }
}

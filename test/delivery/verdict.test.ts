import { describe, expect, it } from 'vitest'
import { retryAfterMillis } from '../../src/delivery/retry-after.ts'
import { Backoff } from '../../src/delivery/retry.ts'
import { judge, type Verdict } from '../../src/delivery/verdict.ts'

const now = Date.UTC(2026, 0, 1, 12, 0, 0)

function answer(status: number, body = '', headers: Record<string, string> = {}, bodyComplete = true): Verdict {
  const length = { 'content-length': String(body.length) }
  return judge(
    { kind: 'answer', status, headers: { ...length, ...headers }, body: new TextEncoder().encode(body), bodyComplete },
    now,
  )
}

describe('a verdict', () => {
  it.each([
    ['https://mara:s3cret@login.example:8443/in?token=t0ken#top', 'https://…@login.example:8443/in?…'],
    ['//mara:s3cret@login.example/in?token=t0ken', '…@login.example/in?…'],
    ['/in?token=t0ken', '/in?…'],
  ])('shows a redirect to %s without what may be a secret', (location, shown) => {
    expect(answer(307, '', { location })).toEqual({
      kind: 'endpoint',
      reason: `HTTP 307: a redirect to ${shown}, not followed`,
    })
  })

  it.each([
    ['{}', {}],
    ['{"partialSuccess":{}}', {}],
    ['{"partialSuccess":null}', {}],
    ['{"partialSuccess":{"rejectedLogRecords":0}}', {}],
    ['{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":""}}', {}],
    ['{"vendorRequestId":"abc"}', {}],
    ['', {}],
  ])('takes 200 with %j as delivered', (body, headers) => {
    expect(answer(200, body, headers)).toEqual({ kind: 'delivered' })
  })

  it('passes on the warning of a success that rejects nothing', () => {
    const body = '{"partialSuccess":{"errorMessage":"use gzip"}}'
    expect(answer(200, body)).toEqual({ kind: 'delivered', warning: 'use gzip' })
  })

  it('takes 204 as delivered, and an empty answer only when its end is certain', () => {
    const empty = { kind: 'answer', headers: {}, body: new Uint8Array(), bodyComplete: true } as const
    expect(judge({ ...empty, status: 204 }, now).kind).toBe('delivered')
    expect(judge({ ...empty, status: 200 }, now).kind).toBe('retry')
    expect(answer(200, '', { 'content-type': 'text/html' }).kind).toBe('retry')
  })

  it.each([
    '<html></html>',
    '[]',
    'null',
    '"ok"',
    'OK',
    '{"partialSuccess":{}',
    '{"partialSuccess":[]}',
    '{"partialSuccess":{"rejectedLogRecords":-1}}',
    '{"partialSuccess":{"rejectedLogRecords":1.5}}',
    '{"partialSuccess":{"rejectedLogRecords":true}}',
    '{"error":{"message":"no"}}',
    '{"errors":["no"]}',
    '{"code":16,"message":"unauthenticated"}',
  ])('takes 200 with %j as not delivered', (body) => {
    expect(answer(200, body).kind).toBe('retry')
  })

  it('takes a body that is not complete as not delivered', () => {
    expect(answer(200, '{}', {}, false)).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('cut') as string,
    })
  })

  it.each([
    '{"partialSuccess":{"rejectedLogRecords":3}}',
    '{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"no"}}',
    '{"partial_success":{"rejected_log_records":"3"}}',
    '{"partialSuccess":{"rejectedLogRecords":"9223372036854775807"}}',
  ])('takes a partial success that rejects as rejected: %j', (body) => {
    expect(answer(200, body)).toMatchObject({ kind: 'rejected', answer: { status: 200, body } })
  })

  it('sorts every status', () => {
    const kinds: Record<string, number[]> = {}
    for (let status = 200; status < 600; status++) {
      const { kind } = answer(status, '{}')
      kinds[kind] = [...(kinds[kind] ?? []), status]
    }
    expect(kinds['delivered']).not.toContain(202)
    expect(kinds['delivered']).toHaveLength(99)
    expect(kinds['rejected']).toEqual([400, 413, 422])
    expect(kinds['duplicate']).toEqual([409])
    const retried = kinds['retry'] ?? []
    expect(retried.slice(0, 4)).toEqual([202, 408, 425, 429])
    expect(retried.slice(4)).toHaveLength(100)
    expect(kinds['endpoint']).toEqual(
      expect.arrayContaining([301, 302, 307, 308, 401, 402, 403, 404, 405, 407, 415, 431]),
    )
  })

  it('takes a certificate that does not verify for the endpoint, any other network failure for weather', () => {
    const failed = (code: string): Verdict =>
      judge({ kind: 'failed', error: Object.assign(new Error('x'), { code }) }, now)
    for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
      expect(failed(code).kind).toBe('endpoint')
    }
    for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE']) expect(failed(code).kind).toBe('retry')
    expect(judge({ kind: 'timeout' }, now).kind).toBe('retry')
    const tried = new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 1')])
    expect(judge({ kind: 'failed', error: tried }, now)).toMatchObject({
      reason: 'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 1',
    })
  })
})

describe('Retry-After', () => {
  const ask = (value: string, date?: string): number | undefined =>
    retryAfterMillis({ 'retry-after': value, ...(date !== undefined && { date }) }, now)

  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5_000],
    ['1.5', 1_500],
    ['Thu, 01 Jan 2026 12:01:00 GMT', 60_000],
    ['Thursday, 01-Jan-26 12:01:00 GMT', 60_000],
    ['Thu Jan  1 12:01:00 2026', 60_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
    ['2026-01-01T12:01:00Z', undefined],
    ['1e3', undefined],
  ])('reads %j as %s', (value, millis) => {
    expect(ask(value)).toBe(millis)
  })

  it('counts a date from the Date of the answer, whatever the clocks say', () => {
    expect(ask('Thu, 01 Jan 2015 00:00:30 GMT', 'Thu, 01 Jan 2015 00:00:00 GMT')).toBe(30_000)
    expect(ask('Thu, 01 Jan 2026 12:01:00 GMT', 'not a date')).toBe(60_000)
  })
})

describe('the waits', () => {
  const settings = { initialBackoffMillis: 1_000, maxBackoffMillis: 60_000, pauseMillis: 30_000 }

  it('double from 1 s to 60 s, with jitter, and begin anew after a success', () => {
    const middle = new Backoff(settings, () => 0.5)
    expect(Array.from({ length: 9 }, () => middle.retry())).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ])
    expect(middle.exhausted).toBe(true)
    middle.succeeded()
    expect(middle.exhausted).toBe(false)
    expect(middle.retry()).toBe(1_000)
    expect(new Backoff(settings, () => 0).retry()).toBe(800)
    expect(new Backoff(settings, () => 1).retry()).toBeCloseTo(1_200)
    const long = new Backoff(settings, () => 1)
    expect(Array.from({ length: 2_000 }, () => long.retry()).every((wait) => wait <= 60_000)).toBe(true)
  })

  it('never end sooner than the server asked, nor sooner than the first wait, nor believe an absurd demand', () => {
    const backoff = new Backoff(settings, () => 0)
    expect(backoff.retry(5_000)).toBe(5_000)
    expect(backoff.retry(0)).toBe(1_000)
    expect(backoff.retry(600_000)).toBe(600_000)
    expect(backoff.retry(600_001)).toBe(60_000)
    expect(backoff.retry(1e15)).toBe(60_000)
    expect(backoff.pause()).toBe(24_000)
    expect(backoff.pause(45_000)).toBe(45_000)
    expect(backoff.pause(1e15)).toBe(24_000)
  })
})

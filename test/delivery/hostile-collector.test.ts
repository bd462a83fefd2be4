import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { attributeOf } from '../../src/testing/hostile-collector-behaviour.ts'
import { startHostileCollector, type HostileCollector } from '../../src/testing/hostile-collector.ts'

async function start(): Promise<HostileCollector> {
  const collector = await startHostileCollector()
  onTestFinished(() => collector.close())
  return collector
}

const record = (number: number, id: string, millis = number): unknown => ({
  timeUnixNano: `${millis}000000`,
  attributes: [
    { key: 'audit.record.id', value: { stringValue: id } },
    { key: 'audit.sequence.stream_id', value: { stringValue: 's' } },
    { key: 'audit.sequence.number', value: { intValue: String(number) } },
  ],
})
const request = (...records: unknown[]): string =>
  JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] })
const post = async (collector: HostileCollector, body: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(collector.url, { method: 'POST', body, redirect: 'manual' })
  return { status: response.status, text: await response.text() }
}

describe('the hostile collector', () => {
  it('hands over each record that it accepts, repeats too, and none that it refuses', async () => {
    const seen: (string | undefined)[] = []
    const onAccepted = (one: Parameters<typeof attributeOf>[0]): unknown =>
      seen.push(attributeOf(one, 'audit.record.id'))
    const collector = await startHostileCollector({ keepRecords: false, onAccepted })
    onTestFinished(() => collector.close())
    await post(collector, request(record(1, 'a'), record(2, 'b')))
    collector.behave({ kind: 'status', status: 503 }, { requests: 1 })
    await post(collector, request(record(3, 'c')))
    await post(collector, request(record(2, 'b')))
    expect(seen).toEqual(['a', 'b', 'b'])
  })

  it('counts records, duplicates, disorder and forks', async () => {
    const collector = await start()
    await post(collector, request(record(1, 'a'), record(3, 'c')))
    await post(collector, request(record(2, 'b'), record(3, 'c'), record(3, 'other')))
    expect(collector.received()).toEqual({
      requests: 2,
      records: 3,
      duplicates: 2,
      outOfOrder: 1,
      overlaps: 0,
      conflicts: 1,
    })
    expect(collector.numbers('s')).toEqual([1, 3, 2])
    expect(collector.find((one) => attributeOf(one, 'audit.record.id') === 'b')).toMatchObject({
      timeUnixNano: '2000000',
    })
  })

  it('misbehaves for as long as asked, and is good then', async () => {
    const collector = await start()
    collector.behave({ kind: 'status', status: 429, retryAfter: 3 }, { requests: 1 })
    expect(await post(collector, request(record(1, 'a')))).toMatchObject({ status: 429 })
    expect(await post(collector, request(record(1, 'a')))).toEqual({ status: 200, text: '{"partialSuccess":{}}' })
    collector.behave({ kind: 'html' }, { millis: 0 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await post(collector, request(record(2, 'b')))).text).toContain('partialSuccess')
    expect(collector.received()).toMatchObject({ records: 2, duplicates: 0 })
  })

  it('reads gzip, and refuses what is no logs request or another path', async () => {
    const collector = await start()
    const headers = { 'content-encoding': 'gzip' }
    const body = gzipSync(request(record(1, 'a')))
    expect((await fetch(collector.url, { method: 'POST', headers, body })).status).toBe(200)
    expect(collector.received().records).toBe(1)
    expect(await post(collector, '{')).toMatchObject({ status: 400 })
    expect((await fetch(collector.url.replace('logs', 'traces'), { method: 'POST', body: '{}' })).status).toBe(404)
  })

  it('refuses what is behind its window, as Loki does', async () => {
    const collector = await start()
    collector.behave({ kind: 'window' })
    const hour = 3_600_000
    expect(await post(collector, request(record(1, 'a', 2 * hour)))).toMatchObject({ status: 200 })
    expect(await post(collector, request(record(2, 'b', hour)))).toMatchObject({ status: 200 })
    expect(await post(collector, request(record(3, 'c', hour - 1)))).toMatchObject({ status: 400 })
    expect(await post(collector, request(record(4, 'd', 9 * hour), record(5, 'e', hour)))).toMatchObject({
      status: 400,
    })
    expect(collector.received().records).toBe(2)
  })

  it('takes part of a request and says how much it rejected', async () => {
    const collector = await start()
    collector.behave({ kind: 'partial', rejected: 1, spelling: 'number', message: 'no' })
    const { text } = await post(collector, request(record(1, 'a'), record(2, 'b')))
    expect(JSON.parse(text)).toEqual({ partialSuccess: { rejectedLogRecords: 1, errorMessage: 'no' } })
    expect(collector.recordIds()).toEqual(['b'])
  })

  it('says what it received when a condition does not come true', async () => {
    const collector = await start()
    await expect(collector.until((got) => got.records > 0, 20)).rejects.toThrow(/Not within 20 ms.*"records":0/)
  })
})

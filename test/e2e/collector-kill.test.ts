import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCollectorOutput } from './collector-output.ts'
import { requireCollector, startCollector, type CollectorProcess } from './collector-process.ts'
import { fakeLoki } from './fake-loki.ts'

const rounds = 8
const senders = 4
const recordsPerRequest = 200

const padding = 'x'.repeat(1_500)

/** One request of about 350 kB: a kill has something to cut through. */
function request(id: string): string {
  const record = { body: { stringValue: padding }, attributes: [{ key: 'id', value: { stringValue: id } }] }
  const logRecords = Array.from({ length: recordsPerRequest }, () => record)
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
}

/** Kills and restarts the Collector under load; gives the ids that it acknowledged. */
async function killUnderLoad(collector: CollectorProcess): Promise<ReadonlySet<string>> {
  const acknowledged = new Set<string>()
  let next = 0
  let over = false
  const send = async (): Promise<void> => {
    while (!over) {
      const id = `record-${String(next++)}-`
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${collector.url}/v1/logs`, { method: 'POST', headers, body: request(id) })
        .then(async (response) => {
          await response.arrayBuffer()
          return response.ok ? 'ok' : 'refused'
        })
        .catch(() => 'gone')
      if (answer === 'ok') acknowledged.add(id)
      else await sleep(20)
    }
  }
  const sending = Array.from({ length: senders }, send)
  for (let round = 0; round < rounds; round++) {
    await sleep(100 + Math.random() * 200)
    await collector.kill()
    await collector.restart()
  }
  await sleep(100)
  over = true
  await Promise.all(sending)
  return acknowledged
}

const idsOf = (texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap((text) => text.match(/record-\d+-/g) ?? []))

describe.skipIf(requireCollector() === undefined)('a Collector that is killed again and again under load', () => {
  let dir = ''
  let collector: CollectorProcess | undefined
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'audit-collector-kill-'))
  })
  afterEach(async () => {
    await collector?.kill()
    rmSync(dir, { recursive: true, force: true })
  })

  it('has every acknowledged request in its file', async () => {
    collector = await startCollector({ dir, exporters: ['file'] })
    const acknowledged = await killUnderLoad(collector)
    await collector.stop()
    const { requests, torn } = readCollectorOutput(collector.outputFile)
    const kept = idsOf(requests)
    expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([])
    expect(torn).toBeLessThanOrEqual(rounds)
    process.stdout.write(
      `tried: ${String(rounds)} kills, ${String(acknowledged.size)} requests acknowledged, 0 lost from the file\n`,
    )
  })

  it('delivers every acknowledged request once the backend is there', async () => {
    const gone = await fakeLoki()
    await gone.close()
    collector = await startCollector({
      dir,
      exporters: ['otlp_http/loki'],
      env: { AUDIT_LOKI_ENDPOINT: gone.endpoint },
    })
    const acknowledged = await killUnderLoad(collector)
    const loki = await fakeLoki(gone.port)
    try {
      const missing = (): string[] => {
        const arrived = idsOf(loki.bodies)
        return [...acknowledged].filter((id) => !arrived.has(id))
      }
      for (const deadline = Date.now() + 60_000; Date.now() < deadline && missing().length > 0;) await sleep(200)
      expect(missing()).toEqual([])
      process.stdout.write(
        `tried: ${String(rounds)} kills, ${String(acknowledged.size)} requests acknowledged, 0 lost from the queue\n`,
      )
    } finally {
      await collector.stop()
      await loki.close()
    }
  })
})

import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startHostileCollector } from '../../../src/testing/index.ts'
import { recordsOnDisk } from './journal-on-disk.ts'
import { scratch } from './mounts.ts'
import { Service } from './service.ts'
import { until } from './until.ts'

interface Accident {
  readonly what: string
  /** Logs between the accident and the collector's return. */
  readonly more: number
  readonly happen: (dir: string, stream: string, segment: string) => void
}

const accidents: Accident[] = [
  { what: 'a deleted segment', more: 5, happen: (_dir, _stream, segment) => rmSync(segment) },
  { what: 'a deleted segment while nothing is logged', more: 0, happen: (_dir, _stream, segment) => rmSync(segment) },
  { what: 'a removed stream', more: 5, happen: (_dir, stream) => rmSync(stream, { recursive: true }) },
  { what: 'a removed journal', more: 5, happen: (dir) => rmSync(dir, { recursive: true }) },
  { what: 'a renamed segment', more: 5, happen: (_dir, _stream, segment) => renameSync(segment, `${segment}.old`) },
  { what: 'a renamed journal', more: 5, happen: (dir) => renameSync(dir, `${dir}-old`) },
  { what: 'a renamed journal while nothing is logged', more: 0, happen: (dir) => renameSync(dir, `${dir}-old`) },
]

it('what is deleted or renamed under a running process is copied from the open file, delivered and reported', async () => {
  const acknowledged = await Promise.all(accidents.map(survive))
  process.stdout.write(
    `tried: ${accidents.length} ways to delete or rename what is in use: ${acknowledged.reduce((a, b) => a + b)} acknowledged, all ` +
      'delivered, none missing\n',
  )
})

/** Returns how many records were acknowledged. */
async function survive({ what, more, happen }: Accident): Promise<number> {
  const dir = path.join(scratch(), 'journal')
  const collector = await startHostileCollector({ behaviour: { kind: 'status', status: 503 } })
  onTestFinished(() => collector.close())
  const delivery = { url: collector.url, initialBackoffMillis: 50, maxBackoffMillis: 100 }
  const service = new Service({ logger: { journal: { dir }, collector: delivery } })
  await service.log(20, { together: 4 })
  const [id = ''] = readdirSync(dir).filter((name) => name.length === 36)
  const stream = path.join(dir, id)
  const [name = ''] = readdirSync(stream).filter((file) => file.endsWith('.jsonl'))
  happen(dir, stream, path.join(stream, name))
  if (more > 0) await service.log(more)
  expect(service.refused, what).toEqual([])
  const isCopy = (file: string): boolean => file.endsWith('.jsonl') && file !== name
  await until(() => existsSync(stream) && readdirSync(stream).some(isCopy))
  const told = (problem: string): boolean => problem.includes('was deleted or renamed while in use')
  expect((await service.problems()).some(told), what).toBe(true)
  collector.behave({ kind: 'good' })
  expect(await service.drain(), what).toBe(0)
  const received = new Set(collector.recordIds())
  expect(
    service.acknowledged.filter(({ recordId }) => !received.has(recordId)),
    what,
  ).toEqual([])
  // Under the name that readers look for, and nothing of it was forked.
  const onDisk = new Set(recordsOnDisk(dir).map(({ recordId }) => recordId))
  expect(
    service.acknowledged.filter(({ recordId }) => !onDisk.has(recordId)),
    what,
  ).toEqual([])
  expect(collector.received().conflicts, what).toBe(0)
  await service.shutdown()
  return service.acknowledged.length
}

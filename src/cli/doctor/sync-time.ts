import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { nodeFileSystem } from '../../journal/file-system.ts'
import { segmentFileName } from '../../journal/names.ts'
import { SyncWorker, type SyncEngine, type SyncRequest, type SyncResult } from '../../journal/sync.ts'
import { messageOf, type Check } from './check.ts'

const samples = 200
const budgetMillis = 4_000
/** A line with one record. */
const line = Buffer.from(`${'x'.repeat(1_299)}\n`)

/**
 * Measures what one call waits for: a write of one record's size and a sync by the library's own worker, one after the
 * other, in a new directory inside `nearest` that is removed again.
 */
export async function checkSyncTime(nearest: string, stopped: AbortSignal): Promise<Check> {
  const name = 'sync'
  const scratch = join(nearest, `.otel-audit-doctor-${process.pid}-${randomBytes(4).toString('hex')}`)
  const engine = new SyncWorker()
  try {
    const millis = await measure(scratch, engine, stopped)
    const [p50, p99] = [quantile(millis, 0.5), quantile(millis, 0.99)]
    const data = { p50Millis: round(p50), p99Millis: round(p99), samples: millis.length }
    const found = `p50 ${text(p50)}, p99 ${text(p99)} (${millis.length} writes of ${line.length} bytes, each synced)`
    if (p99 <= 100 && p50 <= 20) return { name, status: 'ok', found, data }
    const advice = 'each awaited call waits this long: take a faster disk, or one that the journal has for itself'
    return { name, status: 'warn', found, advice, data }
  } catch (error) {
    const advice = 'the library could not write here either; look at the disk, its mount and its rights'
    return { name, status: 'fail', found: `a write or sync in ${nearest} failed: ${messageOf(error)}`, advice }
  } finally {
    engine.close()
    nodeFileSystem.removeDirectory(scratch)
  }
}

async function measure(scratch: string, engine: SyncEngine, stopped: AbortSignal): Promise<number[]> {
  nodeFileSystem.makeDirectory(scratch)
  const directory = nodeFileSystem.openDirectory(scratch)
  const file = nodeFileSystem.createSegment(join(scratch, segmentFileName(1, 1)))
  const millis: number[] = []
  try {
    // The first one starts the worker and syncs the directory; it is not counted.
    await synced(engine, { file, directories: [directory] })
    const until = performance.now() + budgetMillis
    while (millis.length < samples && performance.now() < until && !stopped.aborted) {
      const began = performance.now()
      const written = nodeFileSystem.write(file, line, 0, line.length)
      if (written !== line.length) throw new Error(`a short write: ${written} of ${line.length} bytes`)
      await synced(engine, { file, directories: [] })
      millis.push(performance.now() - began)
    }
  } finally {
    nodeFileSystem.close(file)
    nodeFileSystem.close(directory)
  }
  return millis.sort((a, b) => a - b)
}

async function synced(engine: SyncEngine, request: SyncRequest): Promise<void> {
  const result = await new Promise<SyncResult>((resolve) => engine.request(request, resolve))
  if (!result.ok) throw new Error(`sync of the ${result.of}: ${result.code}`)
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function round(millis: number): number {
  return Math.round(millis * 1_000) / 1_000
}

function text(millis: number): string {
  return `${millis.toFixed(millis < 10 ? 2 : 0)} ms`
}

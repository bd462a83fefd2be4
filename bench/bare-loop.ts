/*
 * What the disk alone allows: a bare loop that writes the same bytes and syncs in the same way (the library's own sync
 * worker), one record a sync, and 64 records a sync.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { createAuditLogger } from '../src/create-audit-logger.ts'
import { SyncWorker } from '../src/journal/sync.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, keepInFlight, report } from './figure.ts'

const dir = benchDirectory()

/** The very lines that the library writes with so many calls in flight. */
async function linesOf(inFlight: number, total: number): Promise<Buffer[]> {
  const journal = path.join(dir, `lines-${inFlight}`)
  const logger = createAuditLogger({ serviceName: 'bench', journal: { dir: journal }, collector: false })
  await logger.ready()
  await keepInFlight(inFlight, total, (i) => logger.logAction(benchEvent(i)))
  await logger.shutdown()
  const [stream = ''] = readdirSync(journal).filter((name) => name.length === 36)
  const segments = readdirSync(path.join(journal, stream)).filter((name) => name.endsWith('.jsonl'))
  const bytes = Buffer.concat(segments.sort().map((name) => readFileSync(path.join(journal, stream, name))))
  const lines: Buffer[] = []
  for (let at = 0, end = bytes.indexOf(10); end >= 0; at = end + 1, end = bytes.indexOf(10, at)) {
    lines.push(bytes.subarray(at, end + 1))
  }
  return lines
}

for (const [inFlight, total] of [
  [1, 3_000],
  [64, 60_000],
] as const) {
  const lines = await linesOf(inFlight, total)
  const engine = new SyncWorker()
  engine.start()
  const fd = openSync(path.join(dir, `bare-${inFlight}`), 'wx')
  const sync = (): Promise<void> =>
    new Promise((resolve) => engine.request({ file: fd, directories: [] }, () => resolve()))
  await sync()
  const start = performance.now()
  for (const line of lines) {
    writeSync(fd, line)
    await sync()
  }
  const seconds = (performance.now() - start) / 1000
  engine.close()
  closeSync(fd)
  const bytes = lines.reduce((sum, line) => sum + line.length, 0)
  const note = `${lines.length} syncs`
  report({ name: `bare loop, ${inFlight} a sync`, records: total, seconds, lost: 0, bytes, note })
}

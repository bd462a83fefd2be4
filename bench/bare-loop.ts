/*
 * With few calls in flight the disk sets the pace, so the library is held against the disk alone: a bare loop that writes
 * the same bytes and syncs in the same way (the library's own sync worker), one or 64 records a sync. The two take turns,
 * since a disk's speed changes from one second to the next. For slower disks than this one both get longer syncs.
 */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { createLogger } from '../src/create-audit-logger.ts'
import { SyncWorker, type SyncEngine } from '../src/journal/sync.ts'
import { journalPlatform } from '../src/providers/journal-platform.ts'
import { SlowSyncEngine } from '../src/testing/slow-sync-engine.ts'
import { benchEvent } from './bench-event.ts'
import { benchDirectory, keepInFlight, report } from './figure.ts'

const dir = benchDirectory()

/** The library's sync worker, or one whose syncs take so many milliseconds longer. */
function syncEngine(extraMillis: number): SyncEngine {
  return extraMillis > 0 ? new SlowSyncEngine(new SyncWorker(), extraMillis) : new SyncWorker()
}

/** All lines of the one stream in a journal. */
function linesOf(journal: string): Buffer[] {
  const [stream = ''] = readdirSync(journal).filter((name) => name.length === 36)
  const segments = readdirSync(path.join(journal, stream)).filter((name) => name.endsWith('.jsonl'))
  const bytes = Buffer.concat(segments.sort().map((name) => readFileSync(path.join(journal, stream, name))))
  const lines: Buffer[] = []
  for (let at = 0, end = bytes.indexOf(10); end >= 0; at = end + 1, end = bytes.indexOf(10, at)) {
    lines.push(bytes.subarray(at, end + 1))
  }
  return lines
}

for (const [inFlight, perTurn, turns, extraMillis] of [
  [1, 300, 20, 0],
  [64, 6_400, 20, 0],
  [64, 6_400, 4, 2],
  [64, 6_400, 4, 5],
] as const) {
  const journal = path.join(dir, `journal-${inFlight}-${extraMillis}`)
  const logger = createLogger(
    { serviceName: 'bench', journal: { dir: journal }, collector: false },
    { platform: { ...journalPlatform(), syncEngine: () => syncEngine(extraMillis) } },
  )
  await logger.ready()
  const call = (i: number): Promise<boolean> => logger.logAction(benchEvent(i))
  await keepInFlight(1024, 60_000, call) // the engine warms up
  await keepInFlight(inFlight, perTurn * 4, call)

  const engine = syncEngine(extraMillis)
  const fd = openSync(path.join(dir, `bare-${inFlight}-${extraMillis}`), 'wx')
  const sync = (): Promise<void> =>
    new Promise((resolve) => engine.request({ file: fd, directories: [] }, () => resolve()))
  const lines = linesOf(journal).slice(-Math.ceil((perTurn * 2) / inFlight))
  let next = 0
  const bare = async (): Promise<void> => {
    for (let i = 0; i < perTurn; i += inFlight) {
      writeSync(fd, lines[next++ % lines.length] ?? Buffer.alloc(0))
      await sync()
    }
  }
  await bare()

  let ours = 0
  let alone = 0
  let lost = 0
  for (let turn = 0; turn < turns; turn++) {
    const start = performance.now()
    lost += perTurn - (await keepInFlight(inFlight, perTurn, call))
    const middle = performance.now()
    await bare()
    ours += middle - start
    alone += performance.now() - middle
  }
  const records = turns * perTurn
  const slower = extraMillis > 0 ? `, syncs ${extraMillis} ms longer` : ''
  report({ name: `otel-audit, ${inFlight} in flight${slower}`, records, seconds: ours / 1000, lost })
  report({
    name: `bare loop, ${inFlight} a sync${slower}`,
    records,
    seconds: alone / 1000,
    lost: 0,
    note: 'the same bytes and syncs',
  })
  await logger.shutdown()
  engine.close()
  closeSync(fd)
}

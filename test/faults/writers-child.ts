/*
 * node writers-child.ts <kind> <journal> <url> <oracle file> <other copy of src>
 *
 * Many writers on one journal directory, under load until they are killed. Whatever is confirmed goes to the oracle file by
 * a synchronous append, which a kill can't take back: `ack <writer> <record id>`. A writer is one logger: it puts its
 * name (process, thread, copy) into the details of its records. At SIGUSR2 nobody who dies is replaced any more.
 */
import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, threadId, Worker } from 'node:worker_threads'
import { createAuditLogger } from '../../src/create-audit-logger.ts'

const [kind = '', dir = '', url = '', oracleFile = '', otherCopy = ''] = process.argv.slice(2)
const oracle = openSync(oracleFile, 'a')
const inFlight = 4

function tell(line: string): void {
  writeSync(oracle, `${line}\n`)
}

async function write(make: typeof createAuditLogger, copy: number): Promise<void> {
  const writer = `${process.pid}.${threadId}.${copy}`
  const logger = make({
    serviceName: 'writers-child',
    journal: { dir, segmentMaxBytes: 64 * 1024 },
    collector: { url, initialBackoffMillis: 20, maxBackoffMillis: 200 },
    onProblem: (problem) => tell(`problem ${writer} ${problem.code}: ${problem.message}`),
  })
  tell(`up ${writer}`)
  const loop = async (): Promise<void> => {
    for (let i = 0; ; i++) {
      const recordId = randomUUID()
      const event = { adminUserId: 'child', action: 'update', targetType: 'setting', targetId: i, recordId }
      const confirmed = await logger.logAction({ ...event, details: { writer, filler: 'x'.repeat(i % 200) } })
      if (confirmed) tell(`ack ${writer} ${recordId}`)
      await sleep(Math.random() * 8)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
}

let replaces = true

function inCluster(): void {
  cluster.setupPrimary({ args: process.argv.slice(2) })
  for (let i = 0; i < 4; i++) cluster.fork()
  cluster.on('exit', () => {
    if (replaces) cluster.fork()
  })
  process.on('SIGUSR2', () => (replaces = false))
}

/** Threads can't be killed from outside: this one ends them at any moment. */
async function inThreads(): Promise<void> {
  const threads = new Set<Worker>()
  const begin = (): void => {
    const thread = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
    threads.add(thread)
    thread.on('exit', () => {
      threads.delete(thread)
      if (replaces) begin()
    })
  }
  const endOne = async (word: 'ended' | 'lost'): Promise<void> => {
    const thread = [...threads][Math.floor(Math.random() * threads.size)]
    if (thread === undefined) return
    const writer = `${process.pid}.${thread.threadId}.1`
    await thread.terminate()
    tell(`${word} ${writer}`)
  }
  for (let i = 0; i < 3; i++) begin()
  const asked = new AbortController()
  process.on('SIGUSR2', () => asked.abort())
  while (!asked.signal.aborted) {
    await sleep(300 + Math.random() * 900)
    await endOne('ended')
  }
  await sleep(1_500)
  replaces = false
  await endOne('lost')
}

if (!isMainThread || cluster.isWorker) void write(createAuditLogger, 1)
else if (kind === 'cluster') inCluster()
else if (kind === 'threads') void inThreads()
else {
  const other = (await import(otherCopy)) as { createAuditLogger: typeof createAuditLogger }
  void write(createAuditLogger, 1)
  void write(other.createAuditLogger, 2)
}

/*
 * A service under torture, in a process of its own. What it was confirmed goes to stdout by a synchronous write, which a
 * kill can't take back: the parent, which is the oracle, knows what was acknowledged.
 *   up            the logger is there
 *   + <call> <stream> <number>   confirmed
 *   - <call>      refused
 *   done <json>   an orderly end, with a VictimReport
 */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuditLogger, type AuditLoggerOptions } from '../../index.ts'
import { createFaultyDisk } from '../../testing/index.ts'
import { BadWeather } from './bad-weather.ts'
import { poisonAction, recordIdOf, type VictimOrders, type VictimReport } from './orders.ts'
import { randomFrom } from './random.ts'

const orders = JSON.parse(process.argv[2] ?? '{}') as VictimOrders
const disk = orders.diskFaults === undefined ? undefined : createFaultyDisk()
const logger = disk?.createAuditLogger(optionsOf(orders)) ?? createAuditLogger(optionsOf(orders))
const weather = disk === undefined ? undefined : new BadWeather(disk, randomFrom(orders.diskFaults ?? 0))
let calls = 0
let isOver = false

function optionsOf({ dir, url, patient = false }: VictimOrders): AuditLoggerOptions {
  const quick = { initialBackoffMillis: 20, maxBackoffMillis: 250, pauseMillis: 100, timeoutMillis: 1_000 }
  return {
    serviceName: 'otel-audit-torture',
    journal: { dir, segmentMaxBytes: 65_536 },
    collector: url === undefined ? false : { url, ...(patient ? {} : quick) },
    onProblem: () => undefined,
  }
}

/** The pipe may be full: the parent has other victims to bury. */
function say(line: string): void {
  let rest = Buffer.from(`${line}\n`)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}

async function logOne(): Promise<boolean> {
  const call = calls++
  const isPoison = orders.poisonEvery !== undefined && call % orders.poisonEvery === orders.poisonEvery - 1
  try {
    const { streamId, sequence } = await logger.emit({
      adminUserId: 'torture',
      action: isPoison ? poisonAction : 'update_setting',
      targetType: 'setting',
      targetId: call,
      recordId: recordIdOf(orders.life, call),
      details: { filler: 'x'.repeat(call % 400) },
    })
    say(`+ ${call} ${streamId ?? ''} ${sequence ?? ''}`)
    return true
  } catch {
    say(`- ${call}`)
    return false
  }
}

async function loop(): Promise<void> {
  while (!isOver) {
    await logOne()
    // A refusal may come without any wait; the event loop goes round all the same.
    await sleep(orders.pauseMillis ?? 0)
  }
}

async function endInOrder(loops: Promise<void>[]): Promise<void> {
  isOver = true
  await Promise.all(loops)
  weather?.end()
  let recovered = true
  if (weather !== undefined) {
    await sleep(50)
    for (let i = 0; i < 20; i++) recovered = (await logOne()) && recovered
    // What was refused is told by itself within a second.
    await sleep(1_500)
  }
  const drain = orders.url !== undefined
  if (drain) await logger.drain({ timeoutMillis: 20_000 })
  const { reasons, setAside } = logger.health()
  const { undelivered } = await logger.shutdown({ drain })
  const report: VictimReport = { undelivered, setAside, reasons, injected: disk?.injected ?? 0, recovered }
  say(`done ${JSON.stringify(report)}`)
  process.stdin.destroy()
}

function burst(): void {
  for (let i = 0; i < orders.calls; i++) void logOne()
}

const suddenEnds: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('uncaught on purpose')
  },
  reject: () => void Promise.reject(new Error('unhandled on purpose')),
  // A signal is handled between ticks: what was handed over in the ticks before is in the kernel.
  signal: () => setImmediate(() => process.kill(process.pid, 'SIGTERM')),
  abort: () => setImmediate(() => process.abort()),
}

function live(): void {
  say('up')
  const suddenEnd = suddenEnds[orders.end]
  if (suddenEnd !== undefined) {
    burst()
    suddenEnd()
    return
  }
  const loops = Array.from({ length: orders.calls }, loop)
  process.stdin.once('data', () => void endInOrder(loops))
  // Nobody is left to tell anything to.
  process.stdin.once('end', () => {
    if (!isOver) process.exit(1)
  })
}

live()

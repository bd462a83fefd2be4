/* The service of the soak: the library under load, on a disk and with modules that fail while it storms. */
import { readdirSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { BadWeather } from '../../src/cli/torture/bad-weather.ts'
import { randomFrom } from '../../src/cli/torture/random.ts'
import { createFaultyDisk } from '../../src/testing/index.ts'
import { Load } from './load.ts'
import { SwitchedModules } from './modules.ts'
import type { Command, Sample, ServiceOrders } from './protocol.ts'

const { dir, url, seed, prefill } = JSON.parse(process.argv[2] ?? '{}') as ServiceOrders
const drainMillis = 30_000

const modules = new SwitchedModules(randomFrom(seed + 1))
const disk = createFaultyDisk()
const logger = disk.createAuditLogger({
  serviceName: 'otel-audit-soak',
  journal: { dir, segmentMaxBytes: 65_536, retain: 1_000 },
  collector: { url, initialBackoffMillis: 20, maxBackoffMillis: 500, pauseMillis: 200, timeoutMillis: 1_000 },
  modules: modules.list,
  providerTimeoutMillis: 1_500,
  onProblem: () => undefined,
})
const load = new Load(
  logger,
  {
    confirmed: ({ streamId, sequence }) => say(`+ ${streamId ?? ''} ${sequence ?? ''}`),
    refused: (code) => say(`- ${code}`),
  },
  seed + 2,
)
const random = randomFrom(seed)
const began = performance.now()
let hasEnded = false
let weather: BadWeather | undefined
let switching: NodeJS.Timeout | undefined

/** What the oracle hears must have arrived whatever happens; a full pipe is waited for. */
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

function storm(): void {
  weather = new BadWeather(disk, random)
  switching = setInterval(() => modules.shuffle(), 500)
  load.start()
}

/** Faults end, calls end, everything is delivered; then the service is weighed. */
async function calm(): Promise<Sample> {
  weather?.end()
  clearInterval(switching)
  await load.stop()
  modules.shuffle(true)
  await load.mustConfirm()
  const undelivered = await drain()
  if (undelivered > 0) {
    const { reasons } = logger.health()
    load.failures.push(
      `${undelivered} records not delivered ${drainMillis / 1_000} s after the storm: ${reasons.join('; ')}`,
    )
  }
  return await weigh()
}

/** A drain does not wait for records that come meanwhile, such as that of a gap; so there may have to be several. */
async function drain(): Promise<number> {
  const until = performance.now() + drainMillis
  for (;;) {
    const { undelivered } = await logger.drain({ timeoutMillis: Math.max(1, until - performance.now()) })
    if (undelivered === 0 || performance.now() > until) return undelivered
    await sleep(20)
  }
}

async function weigh(): Promise<Sample> {
  // Cursors and marks of delivered streams are written within a second, and their files are open until then.
  await sleep(1_200)
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const { calls, repeats, conflicts, failures } = load
  return {
    seconds: (performance.now() - began) / 1_000,
    heapBytes: heapUsed,
    externalBytes: external,
    residentBytes: rss,
    descriptors: openDescriptors(),
    diskFaults: disk.injected,
    calls,
    repeats,
    conflicts,
    failures: failures.splice(0),
  }
}

function openDescriptors(): number {
  const directory = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'
  return readdirSync(directory).length
}

async function obey(command: Command): Promise<void> {
  switch (command) {
    case 'storm':
      storm()
      return
    case 'calm':
      say(`calm ${JSON.stringify(await calm())}`)
      return
    case 'end': {
      const sample = await calm()
      const { undelivered } = await logger.shutdown({ drain: true })
      const failures =
        undelivered === 0 ? sample.failures : [...sample.failures, `${undelivered} records left undelivered`]
      say(`end ${JSON.stringify({ ...sample, failures })}`)
      hasEnded = true
      process.stdin.destroy()
    }
  }
}

// What the logger remembers of these is as large as what it remembers later on.
modules.quick()
await load.prefill(prefill)
modules.shuffle(true)
createInterface({ input: process.stdin })
  .on('line', (line) => void obey(line as Command))
  // Nobody is left to obey, unless that was the end.
  .on('close', () => {
    if (!hasEnded) process.exit(1)
  })

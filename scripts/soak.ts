/*
 * Runs the library for long with faults that switch on and off, and looks whether it leaks or loses anything.
 *
 *   npx node scripts/soak.ts                    an hour
 *   npx node scripts/soak.ts --minutes 5        what the deep tests run
 *   npx node scripts/soak.ts --seconds 20 --json --seed 7
 *
 * A service in a process of its own logs some hundred records a second with bursts and retries; segments rotate every
 * 64 KiB and are deleted a second after they are delivered. While it storms, the collector (in this process) misbehaves,
 * the service's disk fails, and modules with failing providers are switched on and off. Then it is calm: everything must
 * be delivered within 30 s, and the service is weighed after a forced collection. At the end every acknowledged record is
 * at the collector or set aside, what the disk refused is told by gap records, the heap has not risen (bound in
 * soak/judge.ts) and as many files are open as before. Exit: 0 all of that, 1 something not.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { behaviours } from '../src/cli/torture/delivery.ts'
import { pick, randomFrom } from '../src/cli/torture/random.ts'
import { startHostileCollector, type HostileBehaviour } from '../src/testing/index.ts'
import { judge, mib, type Trend } from './soak/judge.ts'
import { Oracle } from './soak/oracle.ts'
import { poisonAction, type Command, type Sample, type ServiceOrders } from './soak/protocol.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    dir: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
})
const runMillis = values.seconds === undefined ? Number(values.minutes) * 60_000 : Number(values.seconds) * 1_000
const seed = Number(values.seed)
const stormMillis = Math.min(6_000, runMillis / 8)
const moodMillis = Math.min(700, stormMillis / 4)
const random = randomFrom(seed)

const refusesPoison: HostileBehaviour = {
  kind: 'refuse',
  when: ({ attributes }) =>
    attributes?.some(({ key, value }) => key === 'audit.action' && value?.['stringValue'] === poisonAction) === true,
}

const scratch = mkdtempSync(join(values.dir, 'otel-audit-soak-'))
const dir = join(scratch, 'journal')
const oracle = new Oracle()
const collector = await startHostileCollector({
  behaviour: refusesPoison,
  keepRecords: false,
  onAccepted: (record) => oracle.arrive(record),
})
const orders: ServiceOrders = { dir, url: collector.url, seed, prefill: runMillis >= 120_000 ? 66_000 : 0 }
const program = fileURLToPath(new URL('./soak/service.ts', import.meta.url))
const service = spawn(process.execPath, ['--expose-gc', program, JSON.stringify(orders)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
const samples: Sample[] = []
let heard = Promise.withResolvers<void>()
const over = new Promise<number | null>((resolve) => service.on('close', resolve))
void over.then(() => heard.resolve())
service.stdin.on('error', () => undefined)
createInterface({ input: service.stdout }).on('line', (line) => {
  const [kind, ...rest] = line.split(' ')
  if (kind === '+') oracle.acknowledge(rest[0] ?? '', Number(rest[1]))
  else if (kind === '-') oracle.refuse(rest.join(' '))
  else {
    samples.push(JSON.parse(rest.join(' ')) as Sample)
    heard.resolve()
  }
})
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

function tell(command: Command): void {
  service.stdin.write(`${command}\n`)
}

async function weighed(command: 'calm' | 'end'): Promise<void> {
  heard = Promise.withResolvers()
  tell(command)
  await Promise.race([heard.promise, over])
}

function isOver(): boolean {
  return service.exitCode !== null || service.signalCode !== null || stop.signal.aborted
}

async function storm(): Promise<void> {
  tell('storm')
  const until = performance.now() + stormMillis
  while (performance.now() < until && !isOver()) {
    collector.behave(random() < 0.4 ? refusesPoison : pick(random, behaviours as [HostileBehaviour]))
    await Promise.race([sleep(moodMillis), over])
  }
  collector.behave(refusesPoison)
}

const began = performance.now()
await weighed('calm')
while (performance.now() - began < runMillis && !isOver()) {
  await storm()
  await weighed('calm')
  const sample = samples.at(-1)
  if (!values.json && sample !== undefined) {
    const { seconds, calls, heapBytes, residentBytes, descriptors } = sample
    process.stderr.write(
      `${seconds.toFixed(0).padStart(5)} s  ${calls} calls, heap ${mib(heapBytes)}, resident ${mib(residentBytes)}, ${descriptors} descriptors\n`,
    )
  }
}
await weighed('end')
const ended = await Promise.race([over, sleep(10_000, undefined, { ref: false })])
if (ended === undefined) service.kill('SIGKILL')

const account = oracle.settle(dir)
const { duplicates, conflicts, requests } = collector.received()
const streams = readdirSync(dir).filter((name) => name.length === 36).length
const last = samples.at(-1)
const judged = judge(samples)
const failures = [...judged.failures]
if (ended !== 0) failures.push(`the service ended with ${String(ended ?? 'no end')}`)
if (account.missing.length > 0) {
  failures.push(`${account.missing.length} acknowledged records are missing: ${account.missing.slice(0, 3).join(', ')}`)
}
if (account.toldByGaps < account.refusedByDisk) {
  failures.push(`the disk refused ${account.refusedByDisk} records, gap records tell of ${account.toldByGaps}`)
}
if (conflicts > 0) failures.push(`${conflicts} numbers arrived with two records`)
if (stop.signal.aborted) failures.push('stopped before the end')

const { missing, ...counted } = account
const counts = {
  ...counted,
  missing: missing.length,
  calls: last?.calls ?? 0,
  repeats: last?.repeats ?? 0,
  recordIdConflicts: last?.conflicts ?? 0,
  diskFaults: last?.diskFaults ?? 0,
  requests,
  duplicates,
  streamsLeftOnDisk: streams,
}
const seconds = Math.round((performance.now() - began) / 1_000)
await collector.close()
// What was missing is looked for in the journal.
if (missing.length === 0) rmSync(scratch, { recursive: true, force: true })
else process.stderr.write(`the journal is kept in ${scratch}\n`)
const { heap, external, resident, descriptors } = judged
if (values.json) {
  const trends = { heap, external, resident, descriptors }
  console.log(
    JSON.stringify({
      ok: failures.length === 0,
      seed,
      seconds,
      samples: samples.length,
      counts,
      ...trends,
      refusals: oracle.refusals,
      failures,
    }),
  )
} else {
  const line = ({ riseBytes, perHourBytes, last: now }: Trend): string =>
    `${mib(now)}, trend ${mib(riseBytes)} in the run, ${mib(perHourBytes)} an hour`
  console.log(`soak of ${seconds} s, seed ${seed}, ${samples.length} samples`)
  for (const [name, count] of Object.entries(counts))
    console.log(`  ${name.padEnd(18)} ${count.toLocaleString('en-US')}`)
  console.log(`  heap               ${line(heap)}`)
  console.log(`  buffers            ${line(external)}`)
  console.log(`  resident           ${line(resident)}`)
  console.log(`  descriptors        ${descriptors.least} to ${descriptors.most}`)
  console.log(failures.length === 0 ? 'nothing lost, nothing leaked' : `FAILED\n  ${failures.join('\n  ')}`)
}
process.exitCode = failures.length === 0 ? 0 : 1

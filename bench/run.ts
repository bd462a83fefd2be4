/*
 * npm run bench [-- --write] [-- quick]
 *
 * Every figure that the README claims, one after the other in processes of their own, in one run. `--write` puts the table
 * into README.md and docs/benchmarks.md. Quote ratios: the figures themselves depend on the machine.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import path from 'node:path'
import type { Figure } from './figure.ts'

const here = import.meta.dirname
const quick = process.argv.includes('quick')

/** Runs one bench file and takes its rows. */
function measure(file: string, ...args: string[]): Figure[] {
  process.stderr.write(`${file} ${args.join(' ')}\n`)
  const { stdout, status } = spawnSync(process.execPath, [path.join(here, file), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 16 * 1024 * 1024,
  })
  if (status !== 0) throw new Error(`${file} ended with ${String(status)}`)
  const figures = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Figure]))
  for (const figure of figures) process.stderr.write(`  ${row(figure).join('  ')}\n`)
  return figures
}

function row({ name, records, seconds, lost, bytes, note }: Figure): string[] {
  const megabytes = bytes === undefined ? '' : (bytes / 1e6 / seconds).toFixed(1)
  return [name, Math.round(records / seconds).toLocaleString('en'), megabytes, lost.toLocaleString('en'), note ?? '']
}

function table(title: string, figures: readonly Figure[]): string {
  const head = `| ${title} | records/s | MB/s | lost | |\n|---|--:|--:|--:|---|\n`
  return head + figures.map((figure) => `| ${row(figure).join(' | ')} |\n`).join('')
}

function perSecond(figures: readonly Figure[], name: string): number {
  const figure = figures.find((one) => one.name === name)
  return figure === undefined ? Number.NaN : figure.records / figure.seconds
}

const durable = measure('durable.ts', ...(quick ? ['quick'] : []))
const bare = measure('bare-loop.ts')
const loop = measure('event-loop.ts')
const endToEnd = ['ours', 'batch-protobuf', 'batch-json', 'batch-default', 'simple'].flatMap((one) =>
  measure('end-to-end.ts', one),
)
const peers = measure('peers.ts')
const verify = measure('verify.ts')
const backlog = quick ? [] : measure('backlog.ts')

const ratio = (a: number, b: number): string => (a / b).toFixed(2)
const ratios = [
  `1 in flight, against the bare loop with the same bytes and syncs: ${ratio(perSecond(bare, 'otel-audit, 1 in flight'), perSecond(bare, 'bare loop, 1 a sync'))}`,
  `64 in flight, against one bare group commit per sync: ${ratio(perSecond(bare, 'otel-audit, 64 in flight'), perSecond(bare, 'bare loop, 64 a sync'))}`,
  ...[2, 5].map(
    (millis) =>
      `64 in flight on a disk whose syncs take ${millis} ms longer: ${ratio(perSecond(bare, `otel-audit, 64 in flight, syncs ${millis} ms longer`), perSecond(bare, `bare loop, 64 a sync, syncs ${millis} ms longer`))}`,
  ),
  `end to end, against BatchLogRecordProcessor with protobuf and an unbounded queue: ${ratio(perSecond(endToEnd, 'otel-audit, end to end'), perSecond(endToEnd, 'BatchLogRecordProcessor, protobuf, unbounded queue'))}`,
  ...(quick
    ? []
    : [
        `1,000,000 undelivered against 10,000: ${ratio(perSecond(backlog, 'otel-audit with 1,000,000 records undelivered'), perSecond(backlog, 'otel-audit with 10,000 records undelivered'))}`,
      ]),
]

const cpu = cpus()
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const machine = `${cpu.length} × ${cpu[0]?.model.trim() ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`
const day = new Date().toISOString().slice(0, 10)
const text = [
  `Measured on ${day} by \`npm run bench\` at ${commit}: ${machine}. Events of about 1.6 kB on the wire.`,
  table('durable and chained (fsynced before `true`)', [...durable, ...loop, ...backlog]),
  table('in turns with the disk alone', bare),
  table('until a receiver in another process has acknowledged', endToEnd),
  table('other ways to keep the same event', peers),
  table('`otel-audit verify`', verify),
  ratios.map((line) => `- ${line}`).join('\n'),
].join('\n\n')
process.stdout.write(`${text}\n`)

if (process.argv.includes('--write')) {
  for (const file of ['README.md', 'docs/benchmarks.md']) {
    const target = path.join(here, '..', file)
    const before = readFileSync(target, 'utf8')
    const after = before.replace(
      /(<!-- bench:begin -->\n)[\s\S]*(\n<!-- bench:end -->)/,
      (_all, begin: string, end: string) => begin + text + end,
    )
    writeFileSync(target, after)
  }
}

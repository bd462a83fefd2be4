import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { recordLine } from '../../src/cli/record-line.ts'
import { attributeText, type RecordView } from '../../src/cli/record-view.ts'
import { startFarEnd } from './far-end.ts'
import { doomed, morning, send, type AdminRequest } from './requests.ts'
import { chapter, command, line, paint, root, say } from './screen.ts'
import { startService } from './service.ts'
import { tamperedCopy } from './tamper.ts'

const { values: options } = parseArgs({
  options: { collector: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
})
const began = performance.now()
/** Set while the demo stays up. */
let goOn: (() => void) | undefined
// Whatever ends the demo ends what it started, and takes away what it wrote.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => leave(signal))
process.stdout.on('error', () => breakOff(0))

const directory = mkdtempSync(join(tmpdir(), 'otel-audit-demo-'))
const journal = resolve(process.env['AUDIT_JOURNAL_DIR'] || join(directory, 'journal'))

say(`\n${paint('bold', 'otel-audit')}  who did what to which thing: on disk before the answer, and provably unaltered`)

chapter('A service and a far end')
const farEnd = await startFarEnd(directory, { collector: options.collector })
let service = await startService(journal, farEnd, Number(process.env['PORT'] ?? 0))
line(`far end   ${farEnd.auditUrl}  ${paint('dim', farEnd.what)}`)
line(`service   ${service.url}  ${paint('dim', 'examples/admin-service, its own process')}`)
line(`journal   ${journal}`)

chapter('Administrators at work; each record as it arrives at the far end')
const requestIds: string[] = []
let missing = 0
for (const request of morning) {
  const { requestId, status } = await send(service.url, request)
  requestIds.push(requestId)
  line(
    `${paint('dim', '→')} ${asked(request)}  ${paint(status < 400 ? 'green' : 'red', String(status))}${remark(request)}`,
  )
  const record = await farEnd.arrival(hasRequestId(requestId))
  if (record === undefined) missing++
  line(arrived(record))
}

chapter('Find one by its request ID')
const wanted = requestIds[morning.findIndex(({ path }) => path.startsWith('/settings'))] ?? ''
command(`otel-audit tail --request ${wanted}`)
cli('tail', '--dir', journal, '--request', wanted)
const found = farEnd.records.find(hasRequestId(wanted))
line(`as the far end has it:`)
line(paint('dim', JSON.stringify(found?.body)))
const traceId = found?.traceId ?? ''
const spans = await spansOf(traceId)
line(
  `trace ID  ${paint('bold', traceId)}  ${paint('dim', `${spans} span${spans === 1 ? '' : 's'} of this trace arrived`)}`,
)

chapter('Outage and crash: the far end is away, and the service is killed (kill -9) right after its answer')
farEnd.setAway(true)
const lastWords = await send(service.url, doomed)
await service.kill()
line(`${paint('dim', '→')} ${asked(doomed)}  ${paint('green', String(lastWords.status))}  ${paint('red', 'killed')}`)
farEnd.setAway(false)
line(paint('dim', 'the far end is back; the service starts again on the same journal'))
service = await startService(journal, farEnd, Number(process.env['PORT'] ?? 0))
const survivor = await farEnd.arrival(hasRequestId(lastWords.requestId))
const adoption = await farEnd.arrival(({ eventName }) => eventName === 'audit.pipeline.adopt')
for (const record of [survivor, adoption]) line(arrived(record))

if (options.keep) await keep()

chapter('Stop the service (SIGTERM), verify the chain')
const stopCode = await service.stop()
const stopRecord = await farEnd.arrival((view) => view.eventName === 'audit.pipeline.stop')
line(
  `exit code ${String(stopCode)}; last record: ${stopRecord === undefined ? paint('red', 'missing') : recordLine(stopRecord, paint, { date: false })}`,
)
command(`otel-audit verify ${short(journal)}`)
const verified = cli('verify', short(journal)).status
command(`otel-audit verify ${short(farEnd.file)}`)
const { status: verifiedFarEnd, output } = cli('verify', short(farEnd.file))
if (output.includes('repeat')) {
  const why =
    'repeat: these had arrived, but the killed process had not yet noted it, so they were sent again; no problem'
  line(paint('dim', why))
}

chapter('Tamper with copies: checksums made right again, as a careful forger would')
const forged = join(directory, 'forged')
await tamperedCopy(journal, forged, (text) =>
  text.includes('"failure"') ? text.replace('"failure"', '"success"') : undefined,
)
line('In one copy, the refused action becomes a "success":')
command('otel-audit verify forged')
const foundAltered = cli('verify', 'forged').status
const cut = join(directory, 'cut')
await tamperedCopy(journal, cut, (text) => (text.includes('admin.user.change_role') ? '' : undefined))
line('In another, the change of role is taken out:')
command('otel-audit verify cut')
const foundMissing = cli('verify', 'cut').status
await farEnd.close()

const checks: readonly [boolean, string][] = [
  [missing === 0, `${morning.length} requests, ${morning.length - missing} of their records at the far end`],
  [survivor !== undefined && adoption !== undefined, 'the record of a killed process arrived after all'],
  [stopCode === 0 && stopRecord !== undefined, 'orderly stop, recorded'],
  [found !== undefined && traceId !== '', 'one found by its request ID, with its trace'],
  [verified === 0 && verifiedFarEnd === 0, 'journal and far end verify'],
  [foundAltered === 1, 'the altered record was found'],
  [foundMissing === 1, 'the missing record was found'],
]
chapter('Summary')
for (const [ok, text] of checks) line(`${ok ? paint('green', '✓') : paint('red', '✗')} ${text}`)
const good = checks.every(([ok]) => ok)
if (good) rmSync(directory, { recursive: true, force: true })
else line(`left for you to look at: ${directory}`)
line(
  paint(
    'dim',
    `${((performance.now() - began) / 1000).toFixed(1)} s. Next: npm run demo -- --keep, or --collector; examples/; README.md`,
  ),
)
say()
process.exitCode = good ? 0 : 1

function asked(request: AdminRequest): string {
  const what = `${request.method} ${request.path}`
  return `${request.as.padEnd(5)} ${what.padEnd(22)} ${request.body === undefined ? '' : JSON.stringify(request.body)}`
}

function arrived(record: RecordView | undefined): string {
  return record === undefined
    ? paint('red', 'a record did not arrive within 10 s')
    : `${paint('dim', '←')} ${recordLine(record, paint, { date: false })}`
}

function remark(request: AdminRequest): string {
  return request.note === undefined ? '' : paint('dim', `  ${request.note}`)
}

function hasRequestId(requestId: string): (view: RecordView) => boolean {
  return (view) => attributeText(view, 'audit.request.id') === requestId
}

async function spansOf(traceId: string): Promise<number> {
  const count = () => farEnd.spans.filter((span) => span.traceId === traceId).length
  for (let i = 0; i < 20 && count() === 0; i++) await new Promise((resolve) => setTimeout(resolve, 100))
  return count()
}

/** The command line tool, as its users run it. */
function cli(...args: string[]): { status: number | null; output: string } {
  const colour = paint('bold', '') === '' ? { NO_COLOR: '1' } : { FORCE_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src', 'cli', 'main.ts'), ...args], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, ...colour },
  })
  const output = (stdout + stderr).trimEnd()
  line(output)
  return { status, output }
}

/** A path as one would type it in the demo's directory. */
function short(path: string): string {
  const name = relative(directory, path)
  return name.startsWith('..') || isAbsolute(name) ? path : name
}

function leave(signal: NodeJS.Signals): void {
  if (goOn === undefined || signal !== 'SIGINT') breakOff(130)
  goOn()
  goOn = undefined
}

/** Ends before the end of the story. */
function breakOff(code: number): never {
  // Behind the listeners that kill what was started: a process that dies may still finish a write.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 }))
  process.exit(code)
}

async function keep(): Promise<void> {
  chapter('It stays up. Ctrl-C goes on')
  line(`curl -X POST ${service.url}/stores -H 'x-admin-user: alice' -H 'content-type: application/json' \\`)
  line(`     -d '{"name":"Lisbon","currency":"EUR"}'`)
  line(`curl ${service.url}/monitoring/activity -H 'x-admin-user: alice'`)
  line(`curl ${service.url}/health`)
  line(`npx node src/cli/main.ts tail -f --dir ${journal}`)
  line(paint('dim', 'records as they arrive:'))
  let shown = farEnd.records.length
  const timer = setInterval(() => {
    for (const record of farEnd.records.slice(shown))
      line(`${paint('dim', '←')} ${recordLine(record, paint, { date: false })}`)
    shown = farEnd.records.length
  }, 100)
  await new Promise<void>((resolve) => (goOn = resolve))
  clearInterval(timer)
}

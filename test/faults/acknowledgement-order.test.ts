import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const child = path.join(import.meta.dirname, 'acknowledged-child.ts')

/** Why system calls can't be traced here; `undefined`: they can. */
const noTrace = ((): string | undefined => {
  const { status, error, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' })
  if (status === 0) return undefined
  const reason = `strace is needed and can't be used here: ${error?.message ?? stderr.trim()}`
  process.stdout.write(`skipped: ${reason}\n`)
  return reason
})()

interface SystemCall {
  readonly name: string
  readonly args: string
  readonly result: number
  /** Lines of the trace at which it began and ended. */
  readonly from: number
  readonly to: number
}

/** The calls of a trace with `-f`, whose parts are put together per thread. */
function callsOf(trace: string): SystemCall[] {
  const begun = new Map<string, { text: string; from: number }>()
  const calls: SystemCall[] = []
  for (const [at, line] of trace.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(rest)?.[1]
    if (unfinished !== undefined) {
      begun.set(thread, { text: unfinished, from: at })
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1]
    const start = resumed === undefined ? undefined : begun.get(thread)
    const whole = resumed === undefined ? rest : `${start?.text ?? ''}${resumed}`
    const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(whole) ?? []
    if (name !== '') calls.push({ name, args, result: Number(result), from: start?.from ?? at, to: at })
  }
  return calls
}

it.skipIf(noTrace)(
  'write, then fdatasync, then fsync of both directories have succeeded before each acknowledgement',
  () => {
    const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-trace-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const dir = path.join(root, 'journal')
    const file = path.join(root, 'trace')
    const traced = 'trace=openat,write,fdatasync,fsync,close'
    execFileSync('strace', ['-f', '-s', '24', '-e', traced, '-o', file, process.execPath, child, dir], {
      stdio: 'pipe',
    })
    const calls = callsOf(readFileSync(file, 'utf8'))
    const opened = new Map<string, { path: string; at: number }>()
    const segments = new Set<string>()
    let acknowledged = 0
    let written: SystemCall | undefined
    for (const call of calls) {
      if (call.name === 'openat' && call.result >= 0) {
        opened.set(String(call.result), { path: /"(.*?)"/.exec(call.args)?.[1] ?? '', at: call.to })
      }
      if (call.name !== 'write') continue
      const fd = call.args.split(',')[0] ?? ''
      if (call.args.includes('otelAudit')) written = call
      if (fd !== '1' || !call.args.includes('"ack ')) continue
      acknowledged++
      expect(written, 'a line was written before').toBeDefined()
      const segment = written?.args.split(',')[0] ?? ''
      // The line is the last one written: its sync was issued after the write had returned, and has succeeded.
      const after = calls.filter(({ from, to }) => from > (written?.to ?? Infinity) && to < call.from)
      expect(
        after.filter(({ name, args, result }) => name === 'fdatasync' && args === segment && result === 0),
      ).toHaveLength(1)
      const place = opened.get(segment)
      expect(place?.path.endsWith('.otlp.jsonl')).toBe(true)
      if (place === undefined || segments.has(place.path)) continue
      segments.add(place.path)
      // The first acknowledgement from a segment: the names of it and of its directory are durable as well.
      const synced = calls
        .filter(({ name, from, to, result }) => name === 'fsync' && from > place.at && to < call.from && result === 0)
        .map(({ args }) => args)
      const directories = calls
        .filter(({ name, to, args }) => name === 'openat' && to < call.from && args.includes('O_DIRECTORY'))
        .filter(({ to }) => to > place.at)
      const paths = directories
        .filter(({ result }) => synced.includes(String(result)))
        .map(({ args }) => /"(.*?)"/.exec(args)?.[1])
      expect(new Set(paths)).toEqual(new Set([path.dirname(place.path), dir]))
    }
    expect(acknowledged).toBe(20)
    expect(segments.size).toBeGreaterThan(2)
    process.stdout.write(
      `tried: order of system calls (strace): ${acknowledged} acknowledgements from ${segments.size} segments, each after its syncs\n`,
    )
  },
)

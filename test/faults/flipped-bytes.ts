import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { createAuditLogger } from '../../src/index.ts'
import { startHostileCollector } from '../../src/testing/index.ts'
import { runCli } from '../cli/run-cli.ts'
import { randomFrom } from '../../src/cli/torture/random.ts'

const event = { adminUserId: 'a', action: 'b', targetType: 'c' }

interface Finding {
  readonly problem?: boolean
  readonly kind: string
  readonly source: string
  readonly line: number
}

/** A journal of one-record groups and one of several, whose writer was killed (no stop record, no cursor). */
async function journal(root: string): Promise<{ dir: string; segment: string; bytes: Buffer; ids: string[] }> {
  const dir = path.join(root, 'journal')
  const logger = createAuditLogger({ journal: { dir }, collector: false, onProblem: () => undefined })
  const ids: string[] = []
  for (let i = 0; i < 12; i++) ids.push((await logger.emit({ ...event, targetId: i })).recordId)
  const burst = Array.from({ length: 5 }, (_, i) => logger.emit({ ...event, targetId: `burst ${i}` }))
  ids.push(...(await Promise.all(burst)).map(({ recordId }) => recordId))
  ids.push((await logger.emit({ ...event, targetId: 'last' })).recordId)
  const [stream = ''] = readdirSync(dir).filter((name) => name.length === 36)
  const [name = ''] = readdirSync(path.join(dir, stream)).filter((file) => file.endsWith('.jsonl'))
  const segment = path.join(stream, name)
  const bytes = readFileSync(path.join(dir, segment)) // as a kill now would leave it
  await logger.shutdown()
  return { dir, segment, bytes, ids }
}

/** Flips one bit after the other; each must be found by `verify`, at its line. Every `deliverEvery`th is delivered, too. */
export async function flipBits(flips: number, deliverEvery: number): Promise<void> {
  const seed = Number(process.env['FLIP_SEED'] ?? Date.now() % 1_000_000)
  const random = randomFrom(seed)
  const root = mkdtempSync(path.join(tmpdir(), 'otel-audit-flip-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const { segment, bytes, ids } = await journal(root)
  const lastLine = bytes.lastIndexOf(10, bytes.length - 2) + 1
  let delivered = 0
  for (let flip = 0; flip < flips; flip++) {
    // Every fourth one in the last line, which is a group of one record.
    const at =
      flip % 4 === 0 ? lastLine + Math.floor(random() * (bytes.length - lastLine)) : Math.floor(random() * bytes.length)
    const damaged = Buffer.from(bytes)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    const line = bytes.subarray(0, at).reduce((count, byte) => count + (byte === 10 ? 1 : 0), 1)
    const where = `seed ${seed}, flip ${flip}: byte ${at}, line ${line}`
    const dir = path.join(root, `damaged-${flip}`)
    const file = path.join(dir, segment)
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, damaged)
    const { code, out } = await runCli(['verify', '--json', dir])
    expect(code, where).toBe(1)
    const findings = out.map((text) => JSON.parse(text) as Finding).filter(({ problem }) => problem === true)
    expect(
      findings.some((finding) => finding.source === file && finding.line === line),
      where,
    ).toBe(true)
    if (flip % deliverEvery === 0) {
      await deliverRest(dir, ids, bytes, line, where)
      delivered++
    }
    expect(readFileSync(file).equals(damaged), `${where}: nothing is rewritten`).toBe(true)
    rmSync(dir, { recursive: true })
  }
  process.stdout.write(
    `tried: ${flips} flipped bits (seed ${seed}), ${Math.ceil(flips / 4)} of them in the last line: all found at their lines, nothing ` +
      `rewritten; ${delivered} of these journals delivered: every other record arrived\n`,
  )
}

async function deliverRest(
  dir: string,
  ids: readonly string[],
  bytes: Buffer,
  line: number,
  where: string,
): Promise<void> {
  const lines = bytes.toString('latin1').split('\n')
  // A damaged newline joins two lines into one that no CRC fits.
  const lost = [lines[line - 1] ?? '', lines[line] ?? '']
  const collector = await startHostileCollector()
  const problems: string[] = []
  const logger = createAuditLogger({
    journal: { dir },
    collector: { url: collector.url },
    onProblem: ({ code }) => problems.push(code),
  })
  await logger.ready()
  await logger.drain({ timeoutMillis: 10_000 })
  const received = new Set(collector.recordIds())
  const missing = ids.filter((id) => !received.has(id))
  expect(
    missing.filter((id) => !lost.some((text) => text.includes(id))),
    `${where}: delivered in spite of it`,
  ).toEqual([])
  await logger.shutdown()
  await collector.close()
}

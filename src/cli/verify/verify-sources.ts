import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { verifyTrail, type TrailRecord, type TrailReport } from '../../integrity/index.ts'
import type { TrailSource } from '../trail-sources.ts'
import { Adoptions } from './adoptions.ts'
import type { JudgedFinding } from './damage.ts'
import { DigestPool, here } from './digest-pool.ts'
import { DigestedFiles, type Digester } from './digested-files.ts'
import { exportedRecords } from './export-lines.ts'
import { rangesOf } from './file-range.ts'
import { StreamLines } from './stream-lines.ts'
import { Strangers } from './strangers.ts'

export interface Verified {
  readonly report: TrailReport
  /** All findings, by file and line. */
  readonly findings: readonly JudgedFinding[]
  readonly files: number
}

export interface VerifyOptions {
  readonly partial: boolean
  /** How many threads read and hash; by default one for each core, and none but this one for a small trail. */
  readonly threads?: number | undefined
  readonly stopped?: AbortSignal | undefined
}

interface SourceFile {
  readonly path: string
  readonly bytes: number
  readonly kind: 'segment' | 'export'
}

/** To start threads takes as long as to read so much. */
const smallTrailBytes = 8 * 1024 * 1024

/**
 * Checks all sources as one trail: a record in two of them must be the same in both.
 * @throws CannotCheck when stopped, or for a source that is no trail
 */
export async function verifySources(
  sources: readonly TrailSource[],
  { partial, threads, stopped }: VerifyOptions,
): Promise<Verified> {
  const files = await filesOf(sources)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const workers = threads ?? (bytes < smallTrailBytes ? 1 : availableParallelism())
  if (workers <= 1) return verifyFiles(sources, files, partial, here, stopped)
  const pool = new DigestPool(workers)
  try {
    return await verifyFiles(sources, files, partial, pool, stopped)
  } finally {
    await pool.close()
  }
}

/** In the order in which they are read. */
async function filesOf(sources: readonly TrailSource[]): Promise<SourceFile[]> {
  const segments = sources.flatMap((source) => (source.kind === 'stream' ? source.stream.segments : []))
  const exported = sources.flatMap((source) => (source.kind === 'export' ? source.files : []))
  const bytes = await Promise.all(exported.map(bytesOf))
  return [
    ...segments.map((segment) => ({ path: segment.path, bytes: segment.bytes, kind: 'segment' as const })),
    ...exported.map((path, i) => ({ path, bytes: bytes[i] ?? 0, kind: 'export' as const })),
  ]
}

/** Whoever rotates a file may take it between two looks. */
async function bytesOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}

async function verifyFiles(
  sources: readonly TrailSource[],
  files: readonly SourceFile[],
  partial: boolean,
  digester: Digester,
  stopped: AbortSignal | undefined,
): Promise<Verified> {
  const ranges = files.flatMap(({ path, kind, bytes }) => rangesOf(path, kind, bytes))
  const digested = new DigestedFiles(ranges, digester, stopped)
  const adoptions = new Adoptions()
  const streams = sources.flatMap((source) =>
    source.kind === 'stream' ? [new StreamLines(source.stream, source.whole, digested, adoptions)] : [],
  )
  const exports = files.filter(({ kind }) => kind === 'export').map(({ path }) => path)
  const explained: JudgedFinding[] = []
  const strangers = new Strangers()
  const exported = exportedRecords(exports, digested, adoptions, strangers, (finding) => explained.push(finding))
  const report = await verifyTrail(all(streams, exported), { partial })
  for (const source of sources) if (source.kind === 'export') strangers.refuse(source)
  const findings: JudgedFinding[] = [...report.findings, ...streams.flatMap((stream) => stream.findings())]
  // What is cut off at the end of an export was cut by whoever wrote it; nothing in the trail explains it.
  const judged = findings.map((finding) =>
    finding.kind === 'torn' && exports.includes(finding.source) ? { ...finding, unexplained: true as const } : finding,
  )
  judged.push(...explained)
  judged.sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.line - b.line))
  return { report, findings: judged, files: files.length }
}

async function* all(
  streams: readonly StreamLines[],
  exported: AsyncIterable<readonly TrailRecord[]>,
): AsyncGenerator<readonly TrailRecord[], void, undefined> {
  for (const stream of streams) yield* stream.records()
  yield* exported
}

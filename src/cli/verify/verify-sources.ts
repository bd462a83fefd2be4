import { verifyTrail, type TrailRecord, type TrailReport } from '../../integrity/index.ts'
import type { TrailSource } from '../trail-sources.ts'
import { Adoptions } from './adoptions.ts'
import type { JudgedFinding } from './damage.ts'
import { exportedRecords } from './export-lines.ts'
import { StreamLines } from './stream-lines.ts'

export interface Verified {
  readonly report: TrailReport
  /** All findings, by file and line. */
  readonly findings: readonly JudgedFinding[]
  readonly files: number
}

/** Checks all sources as one trail: a record in two of them must be the same in both. */
export async function verifySources(
  sources: readonly TrailSource[],
  options: { readonly partial: boolean },
): Promise<Verified> {
  const adoptions = new Adoptions()
  const streams = sources.flatMap((source) =>
    source.kind === 'stream' ? [new StreamLines(source.stream, source.whole, adoptions)] : [],
  )
  const files = sources.flatMap((source) => (source.kind === 'export' ? source.files : []))
  const explained: JudgedFinding[] = []
  const exported = exportedRecords(files, adoptions, (finding) => explained.push(finding))
  const report = await verifyTrail(all(streams, exported), { partial: options.partial })
  const findings: JudgedFinding[] = [...report.findings, ...streams.flatMap((stream) => stream.findings())]
  // What is cut off at the end of an export was cut by whoever wrote it; nothing in the trail explains it.
  const judged = findings.map((finding) =>
    finding.kind === 'torn' && files.includes(finding.source) ? { ...finding, unexplained: true as const } : finding,
  )
  judged.push(...explained)
  judged.sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : a.line - b.line))
  const segments = sources.reduce(
    (sum, source) => sum + (source.kind === 'stream' ? source.stream.segments.length : 0),
    0,
  )
  return { report, findings: judged, files: files.length + segments }
}

async function* all(
  streams: readonly StreamLines[],
  exported: AsyncIterable<TrailRecord>,
): AsyncGenerator<TrailRecord, void, undefined> {
  for (const stream of streams) yield* stream.records()
  yield* exported
}

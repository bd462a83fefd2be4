import { count, journalDirectory, journalVerb, parse } from '../arguments.ts'
import { CannotCheck, UsageError, type Command } from '../command.ts'
import { escapeText, toJsonLine } from '../escape.ts'
import { plural } from '../figures.ts'
import type { Paint, Terminal } from '../terminal.ts'
import { trailSources } from '../trail-sources.ts'
import type { JudgedFinding } from '../verify/damage.ts'
import { verifySources, type Verified } from '../verify/verify-sources.ts'

const shownStreams = 20
const maxThreads = 256

export const verify: Command = {
  help: `otel-audit verify — is every record there, unaltered and in its place?

Examples:
  otel-audit verify                                         ./audit-journal
  otel-audit verify /backup/audit-journal --json            another one, a JSON object a finding
  otel-audit verify ./audit-collector                       what a Collector's file exporter wrote, rotated files too
  otel-audit verify ./audit-journal collector.otlp.jsonl    both as one trail: the same in both?
  otel-audit verify --partial part.jsonl                    a part: what is missing before it is no gap

Usage: otel-audit verify [--partial] [--threads <n>] [--json] [<path> …]

A path is a journal, a stream's directory, a segment (*.otlp.jsonl, always taken as a part), or a file or directory of
OTLP/JSON lines. Found are: corrupt lines (wrong CRC, no OTLP), altered records and wrong hashes, gaps, forks (one number,
two contents), records out of order or behind the end, a lost or torn tail, text that two parsers read differently. Each is
printed as file:line: kind: number, stream, record id, and below what is wrong. Repeats are shown and are no problem: delivery is at least
once. A torn tail that a later start recorded is none either, nor what a failed write left when a later segment holds it whole.
Files are read and hashed by a thread for each core, of a small trail by one; --threads says how many.
An unsigned chain shows accidents and clumsy editors; who recomputes a whole stream is caught by a second copy only.
Exit: 0 all is well, 1 something was found, 2 wrong usage, 3 it could not be checked: no trail, or stopped before the end.`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, {
      ...journalVerb,
      partial: { type: 'boolean', default: false },
      threads: { type: 'string' },
    })
    const threads = values.threads === undefined ? undefined : threadCount(values.threads)
    const paths = positionals.length > 0 ? positionals : [journalDirectory(values.dir, env)]
    const sources = (await Promise.all(paths.map(trailSources))).flat()
    const segmentOnly = sources.some((source) => source.kind === 'stream' && !source.whole)
    const verified = await verifySources(sources, {
      partial: values.partial || segmentOnly,
      threads,
      stopped: terminal.stopped,
    })
    const problems = verified.findings.filter(isProblem).length + verified.report.furtherFindings
    if (verified.report.records === 0 && problems === 0) {
      const ignored = verified.report.ignored > 0 ? ` (${plural(verified.report.ignored, 'other log record')})` : ''
      throw new CannotCheck(`there are no audit records in ${paths.join(', ')}${ignored}`)
    }
    await (values.json ? printJson : printText)(verified, problems, terminal)
    return problems > 0 ? 1 : 0
  },
}

function threadCount(text: string): number {
  const threads = count('--threads', text)
  if (threads < 1 || threads > maxThreads) throw new UsageError(`--threads wants 1 to ${maxThreads}, not "${text}"`)
  return threads
}

function isProblem(finding: JudgedFinding): boolean {
  return finding.level === 'error' || finding.unexplained === true
}

async function printText({ report, findings, files }: Verified, problems: number, terminal: Terminal): Promise<void> {
  const { paint } = terminal
  for (const finding of findings) await terminal.out(findingLine(finding, paint))
  for (const stream of report.streams.slice(0, shownStreams)) {
    const { streamId, first, last, records, ended, headHash } = stream
    const missing = last - first + 1 - records
    const numbers = `${first}–${last}${missing > 0 ? `, ${missing} missing` : ''}`
    await terminal.out(
      `stream ${escapeText(streamId)}  records ${numbers}${ended ? ', ended' : ''}  ${paint('dim', `head ${headHash}`)}`,
    )
  }
  if (report.streams.length > shownStreams)
    await terminal.out(`… and ${report.streams.length - shownStreams} more streams`)
  const counted = `${plural(report.records, 'record')} in ${plural(report.streams.length, 'stream')}, ${plural(files, 'file')}`
  const further = report.furtherFindings > 0 ? ` (${report.furtherFindings} of them not shown)` : ''
  await terminal.out(
    problems === 0
      ? `${paint('green', 'verified')}  ${counted}: nothing altered, nothing missing`
      : `${paint('red', `${plural(problems, 'problem')} found`)}${further}  in ${counted}`,
  )
}

function findingLine(finding: JudgedFinding, paint: Paint): string {
  const { kind, source, line, message, streamId, number, recordId } = finding
  const place = [
    ...(number === undefined ? [] : [`number ${number}`]),
    ...(streamId === undefined ? [] : [`stream ${streamId}`]),
    ...(recordId === undefined ? [] : [`record ${recordId}`]),
  ]
  const where = `${source}${line > 0 ? `:${line}` : ''}`
  const named = paint(isProblem(finding) ? 'red' : 'dim', kind)
  return `${escapeText(where)}: ${named}${place.length > 0 ? `: ${escapeText(place.join(', '))}` : ''}\n    ${escapeText(message)}`
}

async function printJson({ report, findings, files }: Verified, problems: number, terminal: Terminal): Promise<void> {
  for (const finding of findings) {
    const { kind, streamId, number, recordId, source, line, message } = finding
    const problem = isProblem(finding)
    await terminal.out(
      toJsonLine({ type: 'finding', kind, problem, streamId, number, recordId, source, line, message }),
    )
  }
  const { records, ignored, streams, furtherFindings } = report
  const summary = { ok: problems === 0, problems, records, ignored, files, furtherFindings, streams }
  await terminal.out(toJsonLine({ type: 'summary', ...summary }))
}

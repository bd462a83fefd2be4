import { nodeFileSystem } from '../../journal/file-system.ts'
import { SetAsideStore } from '../../journal/set-aside.ts'
import { journalDirectory, journalVerb, parse } from '../arguments.ts'
import { UsageError, type Command } from '../command.ts'
import { escapeText, toJsonLine } from '../escape.ts'
import { plural, size } from '../figures.ts'
import { journalStreams } from '../journal-files.ts'
import { streamState, type StreamState } from '../stream-state.ts'
import type { Colour } from '../terminal.ts'

const colours: Record<StreamState['state'], Colour> = { live: 'green', ended: 'dim', unended: 'yellow', torn: 'red' }

export const status: Command = {
  help: `otel-audit status — the state of a journal, read from its disk

Examples:
  otel-audit status                                     ./audit-journal
  otel-audit status --dir /var/lib/shop/audit           another one
  otel-audit status --json | jq .undelivered            for your monitoring

Usage: otel-audit status [--json] [--dir <directory>]

Streams: live (its writer, or who delivers it, runs), ended (closed in order), unended (its process died), torn (what
stands behind its newest line is no whole line: what a power cut leaves, never acknowledged, or what somebody appended).
"Undelivered" counts what no collector has acknowledged yet; without a collector that is everything.
Exit: 0 fine, 1 records are set aside for good or a stream is torn, 2 wrong usage, 3 the journal cannot be read (to its end).`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, journalVerb)
    if (positionals.length > 1) throw new UsageError('give one directory')
    const directory = journalDirectory(values.dir ?? positionals[0], env)
    const streams: StreamState[] = []
    for (const stream of await journalStreams(directory)) streams.push(await streamState(stream, terminal.stopped))
    const store = new SetAsideStore(nodeFileSystem, directory)
    const setAside = store.list().map(({ stream, number }) => reasonOf(store, stream, number))
    const report = {
      directory,
      streams,
      records: sum(streams, 'records'),
      undelivered: sum(streams, 'undelivered'),
      oldestUndelivered: streams.flatMap((stream) => stream.oldestUndelivered ?? []).sort()[0],
      setAside: setAside.length,
      bytes: sum(streams, 'bytes'),
    }
    const rejected = setAside.filter((reason) => reason !== 'duplicate').length
    const torn = streams.filter(({ state }) => state === 'torn').length
    const code = rejected > 0 || torn > 0 ? 1 : 0
    if (values.json) {
      await terminal.out(toJsonLine(report))
      return code
    }
    const { paint } = terminal
    await terminal.out(`${paint('bold', 'journal')}      ${escapeText(directory)}`)
    await terminal.out(`records      ${report.records} in ${plural(streams.length, 'stream')}, ${size(report.bytes)}`)
    await terminal.out(`undelivered  ${undelivered(report)}`)
    await terminal.out(
      `set aside    ${report.setAside}${rejected > 0 ? paint('red', '  refused by the collector; see otel-audit set-aside list') : ''}`,
    )
    for (const stream of streams) {
      const { state, records, segments, bytes } = stream
      await terminal.out(
        `${stream.stream}  ${paint(colours[state], state.padEnd(7))}  ${plural(records, 'record')}, ${stream.undelivered} undelivered, ` +
          `${plural(segments, 'segment')}, ${size(bytes)}${stream.newest === undefined ? '' : paint('dim', `, newest ${stream.newest}`)}`,
      )
    }
    return code
  },
}

function reasonOf(store: SetAsideStore, stream: string, number: number): string {
  try {
    return store.read(stream, number)?.reason ?? 'duplicate'
  } catch {
    return 'unreadable'
  }
}

function sum(streams: readonly StreamState[], key: 'records' | 'undelivered' | 'bytes'): number {
  return streams.reduce((total, stream) => total + stream[key], 0)
}

function undelivered(report: { undelivered: number; oldestUndelivered: string | undefined }): string {
  return report.oldestUndelivered === undefined
    ? String(report.undelivered)
    : `${report.undelivered}, oldest from ${report.oldestUndelivered}`
}

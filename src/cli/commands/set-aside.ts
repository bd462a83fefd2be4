import { nodeFileSystem } from '../../journal/file-system.ts'
import type { SetAsideEntry } from '../../journal/journal-source.ts'
import { SetAsideStore } from '../../journal/set-aside.ts'
import { journalDirectory, journalVerb, parse } from '../arguments.ts'
import { collectorSettings } from '../collector.ts'
import { CannotCheck, UsageError, type Command, type ExitCode } from '../command.ts'
import { escapeText, toJsonLine } from '../escape.ts'
import { plural } from '../figures.ts'
import { namesIn } from '../journal-files.ts'
import { recordLine } from '../record-line.ts'
import { viewRequest, type RecordView } from '../record-view.ts'
import { resend } from '../resend.ts'
import type { Terminal } from '../terminal.ts'

export const setAside: Command = {
  help: `otel-audit set-aside — records that the collector refused for good, kept for you

Examples:
  otel-audit set-aside list                        which, why, since when
  otel-audit set-aside show 5b0c…/17               one of them, with the collector's answer
  otel-audit set-aside retry --all                 send them again, once the collector is mended
  otel-audit set-aside retry 5b0c…/17 --url https://collector.example.com:4318

Usage: otel-audit set-aside list|show|retry [<stream>/<number> …] [--all] [--url <address>] [--json] [--dir <directory>]

A record is named by its stream and number; the stream's first letters do when no other begins with them.
retry posts each record alone and takes it out of the folder once the collector has confirmed it; nothing else here writes
to a journal. The collector: --url, else the same AUDIT_* and OTEL_* variables as the library's.
Exit: 0 fine, 1 something is (still) refused, 2 wrong usage, 3 it could not be read or the collector not reached.`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, {
      ...journalVerb,
      all: { type: 'boolean', default: false },
      url: { type: 'string' },
    })
    const [action, ...references] = positionals
    if (action !== 'list' && action !== 'show' && action !== 'retry') throw new UsageError('say list, show or retry')
    const directory = journalDirectory(values.dir, env)
    await namesIn(directory)
    const store = new SetAsideStore(nodeFileSystem, directory)
    const wanted = references.length > 0 ? references.map((reference) => named(store, reference)) : store.list()
    if (action === 'list') return await list(store, wanted, terminal, values.json)
    if (references.length === 0 && !(action === 'retry' && values.all)) {
      throw new UsageError(`name a record as <stream>/<number>${action === 'retry' ? ', or say --all' : ''}`)
    }
    if (action === 'show') {
      for (const place of wanted) await show(read(store, place), terminal, values.json)
      return 0
    }
    const settings = collectorSettings(values.url, env)
    const entries = wanted.map((place) => read(store, place))
    return await resend(store, entries, { settings, terminal, json: values.json })
  },
}

interface Place {
  readonly stream: string
  readonly number: number
}

function named(store: SetAsideStore, reference: string): Place {
  const [, stream, number] = /^([0-9a-f-]{1,36})[/-](\d{1,15})$/.exec(reference) ?? []
  if (stream === undefined) throw new UsageError(`"${reference}" is no <stream>/<number>`)
  const matches = store.list().filter((place) => place.stream.startsWith(stream) && place.number === Number(number))
  const [place] = matches
  if (place === undefined) throw new CannotCheck(`no record ${reference} is set aside; see otel-audit set-aside list`)
  if (matches.length > 1)
    throw new UsageError(`"${reference}" stands for ${matches.length} records; give more of the stream`)
  return place
}

function read(store: SetAsideStore, { stream, number }: Place): SetAsideEntry {
  const entry = store.read(stream, number)
  if (entry === undefined) throw new CannotCheck(`record ${stream}/${number} is no longer set aside`)
  return entry
}

async function list(
  store: SetAsideStore,
  places: readonly Place[],
  terminal: Terminal,
  json: boolean,
): Promise<ExitCode> {
  const { paint } = terminal
  let refused = 0
  for (const place of places) {
    const entry = read(store, place)
    if (entry.reason === 'rejected') refused++
    const { stream, number, recordId, reason, answer } = entry
    const said = escapeText(answer.body.slice(0, 200))
    await terminal.out(
      json
        ? toJsonLine({ stream, number, recordId, reason, answer })
        : `${stream}/${number}  ${paint(reason === 'rejected' ? 'red' : 'dim', reason)}  HTTP ${answer.status} at ${escapeText(answer.receivedAt)}  ${said}`,
    )
  }
  if (!json) terminal.note(`${plural(places.length, 'record')} set aside`)
  return refused > 0 ? 1 : 0
}

async function show(entry: SetAsideEntry, terminal: Terminal, json: boolean): Promise<void> {
  const record = viewOf(entry)
  if (json) {
    await terminal.out(toJsonLine({ ...entry, record }))
    return
  }
  if (record !== undefined) await terminal.out(recordLine(record, terminal.paint))
  await terminal.out(`record    ${escapeText(entry.recordId)}, number ${entry.number} of stream ${entry.stream}`)
  await terminal.out(`reason    ${entry.reason}: HTTP ${entry.answer.status} at ${escapeText(entry.answer.receivedAt)}`)
  await terminal.out(`answer    ${escapeText(entry.answer.body)}`)
  await terminal.out(`request   ${escapeText(entry.request)}`)
}

function viewOf(entry: SetAsideEntry): RecordView | undefined {
  try {
    return viewRequest(JSON.parse(entry.request))[0]
  } catch {
    return undefined
  }
}

import { nodeFileSystem } from '../../journal/file-system.ts'
import type { SetAsideEntry } from '../../journal/journal-source.ts'
import { SetAsideStore } from '../../journal/set-aside.ts'
import { journalDirectory, journalVerb, parse } from '../arguments.ts'
import { collectorSettings } from '../collector.ts'
import { CannotCheck, UsageError, type Command, type ExitCode } from '../command.ts'
import { escapeText, toJsonLine } from '../escape.ts'
import { plural } from '../figures.ts'
import { namesInJournal } from '../journal-files.ts'
import { recordLine } from '../record-line.ts'
import { viewRequest, type RecordView } from '../record-view.ts'
import { resend } from '../resend.ts'
import { readEntries, type SetAsidePlace } from '../set-aside-entries.ts'
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
A damaged one is named on stderr and does not hold up the others.
retry posts each record alone and takes it out of the folder once the collector has confirmed it; nothing else here writes
to a journal. The collector: --url, else the same AUDIT_* and OTEL_* variables as the library's.
Exit: 0 fine, 1 something is (still) refused, 2 wrong usage, 3 one could not be read or the collector not reached.`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, {
      ...journalVerb,
      all: { type: 'boolean', default: false },
      url: { type: 'string' },
    })
    const [action, ...references] = positionals
    if (action !== 'list' && action !== 'show' && action !== 'retry') throw new UsageError('say list, show or retry')
    const directory = journalDirectory(values.dir, env)
    await namesInJournal(directory)
    const store = new SetAsideStore(nodeFileSystem, directory)
    const wanted = references.length > 0 ? references.map((reference) => named(store, reference)) : store.list()
    if (action !== 'list' && references.length === 0 && !(action === 'retry' && values.all)) {
      throw new UsageError(`name a record as <stream>/<number>${action === 'retry' ? ', or say --all' : ''}`)
    }
    const settings = action === 'retry' ? collectorSettings(values.url, env) : undefined
    const { entries, unreadable } = readEntries(store, wanted)
    for (const what of unreadable) terminal.note(`otel-audit set-aside: ${escapeText(what)}`)
    const code =
      settings === undefined
        ? await (action === 'list' ? list : show)(entries, terminal, values.json)
        : await resend(store, entries, { settings, terminal, json: values.json })
    if (action === 'list' && !values.json) terminal.note(counted(wanted.length, unreadable.length))
    return unreadable.length > 0 ? 3 : code
  },
}

function counted(places: number, unreadable: number): string {
  const which = unreadable > 0 ? `, ${unreadable} of them cannot be read` : ''
  return `${plural(places, 'record')} set aside${which}`
}

function named(store: SetAsideStore, reference: string): SetAsidePlace {
  const [, stream, number] = /^([0-9a-f-]{1,36})[/-](\d{1,15})$/.exec(reference) ?? []
  if (stream === undefined) throw new UsageError(`"${reference}" is no <stream>/<number>`)
  const matches = store.list().filter((place) => place.stream.startsWith(stream) && place.number === Number(number))
  const [place] = matches
  if (place === undefined) throw new CannotCheck(`no record ${reference} is set aside; see otel-audit set-aside list`)
  if (matches.length > 1)
    throw new UsageError(`"${reference}" stands for ${matches.length} records; give more of the stream`)
  return place
}

async function list(entries: readonly SetAsideEntry[], terminal: Terminal, json: boolean): Promise<ExitCode> {
  const { paint } = terminal
  let refused = 0
  for (const entry of entries) {
    if (entry.reason === 'rejected') refused++
    const { stream, number, recordId, reason, answer } = entry
    const said = escapeText(answer.body.slice(0, 200))
    await terminal.out(
      json
        ? toJsonLine({ stream, number, recordId, reason, answer })
        : `${stream}/${number}  ${paint(reason === 'rejected' ? 'red' : 'dim', reason)}  HTTP ${answer.status} at ${escapeText(answer.receivedAt)}  ${said}`,
    )
  }
  return refused > 0 ? 1 : 0
}

async function show(entries: readonly SetAsideEntry[], terminal: Terminal, json: boolean): Promise<ExitCode> {
  for (const entry of entries) await showOne(entry, terminal, json)
  return 0
}

async function showOne(entry: SetAsideEntry, terminal: Terminal, json: boolean): Promise<void> {
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

import { count, journalDirectory, journalVerb, parse } from '../arguments.ts'
import { UsageError, type Command } from '../command.ts'
import { toJsonLine } from '../escape.ts'
import { plural } from '../figures.ts'
import { newestRecords, RecordFollower } from '../record-follower.ts'
import { recordLine } from '../record-line.ts'
import { attributeText, type RecordView } from '../record-view.ts'

export const tail: Command = {
  help: `otel-audit tail — show the newest records of a journal

Examples:
  otel-audit tail                            the last 10 records of ./audit-journal
  otel-audit tail -f                         … and each new one as it is written, until Ctrl-C
  otel-audit tail -n all --request 7f3c…     all that one request did
  otel-audit tail -n all --json | jq 'select(.attributes["audit.actor.id"] == "alice")'

Usage: otel-audit tail [-f] [-n <count>|all] [--request <id>] [--json] [--dir <directory>]

  -f, --follow         wait for more; new streams are picked up too
  -n, --lines <count>  how many records to begin with (default 10; "all" for every kept one)
  --request <id>       only records with this audit.request.id; begins with all kept ones
  --json               one JSON object a line: time, eventName, traceId, attributes, body

Each line: time (UTC), event name, actor → target, outcome, request ID, stream/number. Records are shown in the order of
each stream. Lines that do not parse are counted on stderr; otel-audit verify says what they are.
Exit: 0 fine, 1 some lines could not be read, 2 wrong usage, 3 the journal cannot be read.`,

  async run(args, terminal, env) {
    const { values, positionals } = parse(args, {
      ...journalVerb,
      follow: { type: 'boolean', short: 'f', default: false },
      lines: { type: 'string', short: 'n' },
      request: { type: 'string' },
    })
    if (positionals.length > 1) throw new UsageError('give one directory')
    const directory = journalDirectory(values.dir ?? positionals[0], env)
    const lines = values.lines ?? (values.request === undefined ? '10' : 'all')
    const wanted = lines === 'all' ? Infinity : count('--lines', lines)
    const matches = (view: RecordView) =>
      values.request === undefined || attributeText(view, 'audit.request.id') === values.request
    const show = (view: RecordView) => terminal.out(values.json ? toJsonLine(view) : recordLine(view, terminal.paint))

    const follower = new RecordFollower(directory)
    if (wanted === Infinity) {
      for await (const view of follower.more()) {
        if (terminal.stopped.aborted) break
        if (matches(view)) await show(view)
      }
    } else {
      if (values.request === undefined) await follower.skipAllBut(wanted)
      for (const view of await newestRecords(follower, wanted, matches, terminal.stopped)) await show(view)
    }
    while (values.follow && !terminal.stopped.aborted) {
      await follower.wait(terminal.stopped)
      for await (const view of follower.more()) if (matches(view)) await show(view)
    }
    if (follower.unreadable === 0) return 0
    terminal.note(
      `otel-audit tail: ${plural(follower.unreadable, 'line')} could not be read; see otel-audit verify ${directory}`,
    )
    return 1
  },
}

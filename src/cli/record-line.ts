import { escapeText } from './escape.ts'
import { attributeText, type RecordView } from './record-view.ts'
import type { Paint } from './terminal.ts'

const outcomes = { success: 'green', failure: 'red' } as const

/** One readable line: time (UTC), event name, actor → target, outcome, request ID, stream/number. */
export function recordLine(view: RecordView, paint: Paint, { date = true } = {}): string {
  const text = (key: string) => escapeText(attributeText(view, key) ?? '')
  const system = text('audit.actor.type') === 'system'
  const outcome = text('audit.outcome')
  const shownOutcome = outcome.padEnd(7)
  const coloured =
    outcome === 'success' || outcome === 'failure' ? paint(outcomes[outcome], shownOutcome) : shownOutcome
  const who = clip(text('audit.actor.id') || '?', 24)
  const name = text('audit.target.name')
  const id = text('audit.target.id')
  const target = clip(`${text('audit.target.type')} ${system ? clip(id, 9) : id}${name && ` "${name}"`}`, 40)
  const request = text('audit.request.id')
  const place = `${text('audit.sequence.stream_id').slice(0, 8)}/${text('audit.sequence.number')}`
  const line = [
    paint('dim', date ? view.time : view.time.slice(11, 23)),
    system ? paint('dim', escapeText(view.eventName).padEnd(24)) : paint('bold', escapeText(view.eventName).padEnd(24)),
    `${who.padEnd(6)} → ${target.padEnd(26)}`,
    coloured,
    request === '' ? '' : paint('cyan', `request ${clip(request, 40)}`),
    paint('dim', place),
  ]
  return line.filter((part) => part !== '').join('  ')
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

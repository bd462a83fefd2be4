import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { paintFor } from '../../src/cli/terminal.ts'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const paint = paintFor(process.stdout, process.env)

export function say(line = ''): void {
  process.stdout.write(`${line}\n`)
}

let chapters = 0

/** A numbered heading. */
export function chapter(title: string): void {
  say(`\n${paint('cyan', `${++chapters}`)}  ${paint('bold', title)}`)
}

/** Text below a heading. */
export function line(text: string): void {
  for (const part of text.split('\n')) say(part === '' ? '' : `   ${part}`)
}

/** A command that the reader could type. */
export function command(text: string): void {
  line(`${paint('dim', '$')} ${text}`)
}

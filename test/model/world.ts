import { crc32 } from 'node:zlib'
import type { DirectoryNode, Node } from './sim-disk.ts'

/** A record as it was seen anywhere: on the wire, in a receipt, on disk. */
export interface Seen {
  readonly stream: string
  readonly number: number
  readonly hash: string
}

interface LineOfRecords {
  readonly resourceLogs: { readonly scopeLogs: { readonly logRecords: { n: number; h: string }[] }[] }[]
}

/** The oracle: one hash for each (stream, number), for ever, whatever the disk went through. */
export class World {
  readonly #seen: Map<string, string>
  readonly #acknowledged: Map<string, string>
  /** Delivered or set aside. */
  readonly #passed: Set<string>
  readonly bad: string[]
  streams: number
  /** A failed writeback has left ghosts: pages that read well and are not on the disk. */
  ghosts: boolean

  constructor(from?: World) {
    this.#seen = new Map(from === undefined ? [] : from.#seen)
    this.#acknowledged = new Map(from === undefined ? [] : from.#acknowledged)
    this.#passed = new Set(from === undefined ? [] : from.#passed)
    this.bad = from?.bad ?? []
    this.streams = from?.streams ?? 0
    this.ghosts = from?.ghosts ?? false
  }

  /** The same world at this moment; what goes wrong in any branch is told in one list. */
  copy(): World {
    return new World(this)
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  see({ stream, number, hash }: Seen, where: string): void {
    const key = `${stream}/${number}`
    const known = this.#seen.get(key)
    if (known === undefined) this.#seen.set(key, hash)
    else if (known !== hash) this.bad.push(`fork: a second hash of one number ${where}`)
  }

  acknowledge(seen: Seen): void {
    this.see(seen, 'in a receipt')
    this.#acknowledged.set(`${seen.stream}/${seen.number}`, seen.hash)
  }

  pass(seen: Seen, where: string): void {
    this.see(seen, where)
    this.#passed.add(`${seen.stream}/${seen.number}`)
  }

  /** After the last recovery: nothing acknowledged is missing, on disk or at the far end. */
  check(root: DirectoryNode): void {
    const onDisk = new Map<string, string>()
    readDisk(root, (seen) => {
      this.see(seen, 'on disk')
      onDisk.set(`${seen.stream}/${seen.number}`, seen.hash)
    })
    for (const [key, hash] of this.#acknowledged) {
      if (onDisk.get(key) !== hash) {
        this.bad.push('an acknowledged record is not on disk')
        break
      }
    }
    for (const key of this.#acknowledged.keys()) {
      if (!this.#passed.has(key)) {
        this.bad.push('an acknowledged record never reached the far end')
        break
      }
    }
  }
}

/** The records of one line, without the library: its own look at header and CRC. */
export function recordsOf(line: Uint8Array): Seen[] | undefined {
  const text = Buffer.from(line).toString('latin1')
  const match = /^\{"otelAudit":"1 (\S{36}) (\d{20}) (\d{20}) (\d{20}) ([0-9a-f]{64}) ([0-9a-f]{8})",/.exec(text)
  if (match === null) return undefined
  const end = match[0].length - 2
  const crc = crc32(Buffer.from(text.slice(0, end - 8) + text.slice(end), 'latin1'))
  if (crc !== Number.parseInt(match[6] ?? '', 16)) return undefined
  const stream = match[1] ?? ''
  const { resourceLogs } = JSON.parse(text) as LineOfRecords
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ n, h }) => ({ stream, number: n, hash: h }))),
  )
}

function readDisk(node: Node, visit: (seen: Seen) => void): void {
  if (node.kind === 'directory') {
    for (const [name, child] of node.cache) {
      if (child.kind === 'directory' || name.endsWith('.otlp.jsonl')) readDisk(child, visit)
    }
    return
  }
  let at = 0
  for (let end = node.cache.indexOf(10, at); end >= 0; at = end + 1, end = node.cache.indexOf(10, at)) {
    for (const seen of recordsOf(node.cache.subarray(at, end)) ?? []) visit(seen)
  }
}

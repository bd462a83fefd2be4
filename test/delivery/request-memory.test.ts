import { describe, expect, it } from 'vitest'
import type { Piece } from '../../src/delivery/bodies.ts'
import { RequestMemory } from '../../src/delivery/request-memory.ts'

function pieceOf(text: string): Pick<Piece, 'bytes'> {
  return { bytes: () => Buffer.from(text) }
}

describe('memory for request bodies', () => {
  it.each([10, 300_000])('joins pieces of %i bytes to a request', (size) => {
    const body = new RequestMemory().body([pieceOf(`"${'a'.repeat(size)}"`), pieceOf('"b"')])
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ resourceLogs: ['a'.repeat(size), 'b'] })
  })

  it('leaves a body alone until the one accepted after it was accepted, and a failed one for ever', () => {
    const memory = new RequestMemory()
    const bodies = Array.from({ length: 40 }, (_, i) => ({
      text: `"${String(i).repeat(300_000)}"`,
      fails: i % 7 === 3,
    }))
    const all: { body: Uint8Array; text: string; fails: boolean }[] = []
    const buffers = new Set<unknown>()
    const intact = ({ body, text }: (typeof all)[number]): boolean =>
      Buffer.from(body).toString() === `{"resourceLogs":[${text}]}`
    for (const { text, fails } of bodies) {
      const lastAccepted = all.filter((one) => !one.fails).slice(-1)
      const one = { body: memory.body([pieceOf(text)]), text, fails }
      expect([...all.filter((other) => other.fails), ...lastAccepted, one].every(intact)).toBe(true)
      all.push(one)
      buffers.add(one.body.buffer)
      if (!fails) memory.accepted(one.body)
    }
    expect(buffers.size).toBeLessThan(20) // and it does use memory again
  })
})

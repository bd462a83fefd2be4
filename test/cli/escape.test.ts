import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeText, toJsonLine } from '../../src/cli/escape.ts'

const acting = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u

describe('escapeText', () => {
  it('leaves readable text of any script alone', () => {
    for (const text of ['Zürich', '北京', 'مرحبا', '👩‍🚀', 'a\\b', '"q"']) expect(escapeText(text)).toBe(text)
  })

  it('shows control and bidirectional characters as their code units', () => {
    expect(escapeText('\u001b[2J')).toBe('\\u001b[2J')
    expect(escapeText('a\r\nb\u0000')).toBe('a\\u000d\\u000ab\\u0000')
    expect(escapeText('\u009b31m\u007f')).toBe('\\u009b31m\\u007f')
    expect(escapeText('invoice\u202egnp.exe')).toBe('invoice\\u202egnp.exe')
    expect(escapeText('\u{e0041}')).toBe('\\udb40\\udc41')
    expect(escapeText('\ud800')).toBe('\\ud800')
  })

  it('leaves nothing that a terminal acts on, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeText(text)).not.toMatch(acting)
      }),
    )
  })
})

describe('toJsonLine', () => {
  it('is one line of JSON that parses to the same value and holds nothing that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = toJsonLine({ [text]: text })
        expect(line).not.toMatch(acting)
        expect(JSON.parse(line)).toEqual({ [text]: text })
      }),
    )
  })
})

import { ambiguous, corrupt } from './refusals.ts'

const needsCare = /[\\\u0000-\u001f]/
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const nameToken = /[A-Za-z0-9_$+-]+/y

/** A record 128 values deep (rule I2) has 4 levels of JSON for each, and a few around it. */
const maxNesting = 600

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/**
 * One strict pass over JSON text. It refuses what `JSON.parse` lets pass although two readers may take it differently:
 * a member name that is there twice, a lone surrogate, a number whose value depends on the reader.
 */
export class JsonScanner {
  readonly text: string
  pos = 0
  #nesting = 0

  constructor(text: string) {
    this.text = text
  }

  /** The next character that is no white space, not consumed; NaN at the end. */
  peek(): number {
    let code = this.text.charCodeAt(this.pos)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = this.text.charCodeAt(++this.pos)
    return code
  }

  openObject(what: string): void {
    if (this.peek() !== openBrace) throw this.unexpected(`an object as ${what}`)
    this.#enter()
  }

  openArray(what: string): void {
    if (this.peek() !== openBracket) throw this.unexpected(`an array as ${what}`)
    this.#enter()
  }

  #enter(): void {
    this.pos++
    if (++this.#nesting > maxNesting) throw ambiguous(`values nested deeper than ${maxNesting}`, this.pos)
  }

  /** The next member's name, with the position at its value; `undefined` at the end of the object. */
  member(first: boolean): string | undefined {
    let code = this.peek()
    if (code === closeBrace) {
      this.#leave()
      return undefined
    }
    if (!first) {
      if (code !== comma) throw this.unexpected('a comma or the end of an object')
      this.pos++
      code = this.peek()
    }
    if (code !== quote) throw this.unexpected('a member name')
    const name = this.string()
    if (this.peek() !== colon) throw this.unexpected('a colon')
    this.pos++
    return name
  }

  /** Whether another element follows, with the position at it. */
  element(first: boolean): boolean {
    const code = this.peek()
    if (code === closeBracket) {
      this.#leave()
      return false
    }
    if (first) return true
    if (code !== comma) throw this.unexpected('a comma or the end of an array')
    this.pos++
    return true
  }

  #leave(): void {
    this.pos++
    this.#nesting--
  }

  /** A string, without looking for one first: the position is at a quote. */
  string(): string {
    const start = this.pos + 1
    const end = this.text.indexOf('"', start)
    if (end < 0) throw corrupt('a string without an end', this.pos)
    const content = this.text.slice(start, end)
    if (needsCare.test(content)) return this.#escapedString()
    this.pos = end + 1
    return content
  }

  #escapedString(): string {
    const start = this.pos
    let end = start + 1
    for (let code = this.text.charCodeAt(end); code !== quote; code = this.text.charCodeAt(end)) {
      if (Number.isNaN(code)) throw corrupt('a string without an end', start)
      end += code === backslash ? 2 : 1
    }
    let content: string
    try {
      content = JSON.parse(this.text.slice(start, end + 1)) as string
    } catch {
      throw corrupt('a string with a control character or a wrong escape', start)
    }
    if (!content.isWellFormed()) throw ambiguous('a lone surrogate', start)
    this.pos = end + 1
    return content
  }

  /** A string value. */
  stringValue(what: string): string {
    if (this.peek() !== quote) throw this.unexpected(`a string as ${what}`)
    return this.string()
  }

  /** A number's own text. */
  number(what: string): string {
    this.peek()
    numberToken.lastIndex = this.pos
    const token = numberToken.exec(this.text)?.[0]
    if (token === undefined) throw this.unexpected(`a number as ${what}`)
    this.pos += token.length
    if (this.#word() !== '') throw corrupt(`the number ${token}${this.#word()}`, this.pos)
    return token
  }

  boolean(what: string): boolean {
    this.peek()
    const word = this.#word()
    if (word !== 'true' && word !== 'false') throw this.unexpected(`true or false as ${what}`)
    this.pos += word.length
    return word === 'true'
  }

  /** Passes over a value of any kind. */
  skip(): void {
    switch (this.peek()) {
      case openBrace:
        this.#skipObject()
        return
      case openBracket:
        this.openArray('a value')
        for (let first = true; this.element(first); first = false) this.skip()
        return
      case quote:
        this.string()
        return
      default:
        this.#skipWord()
    }
  }

  #skipObject(): void {
    this.openObject('a value')
    const names = new Set<string>()
    for (let name = this.member(true); name !== undefined; name = this.member(false)) {
      if (names.has(name)) throw this.twice(name)
      names.add(name)
      this.skip()
    }
  }

  #skipWord(): void {
    const word = this.#word()
    if (word === 'null' || word === 'true' || word === 'false') this.pos += word.length
    else if (!Number.isFinite(Number(this.number('a value')))) throw ambiguous('a number beyond range', this.pos)
  }

  /** @throws AuditError `ambiguous` or `corrupt` when anything but white space follows */
  end(): void {
    if (Number.isNaN(this.peek())) return
    throw ambiguous(`more text after the request: ${this.#shown()}`, this.pos)
  }

  twice(name: string): Error {
    return ambiguous(`the member ${JSON.stringify(name)} twice in one object`, this.pos)
  }

  unexpected(wanted: string): Error {
    const word = this.#word()
    if (word === 'null') return ambiguous('null, which some readers take for absent,', this.pos)
    if (/^[+-]?(?:nan|inf|infinity)$/i.test(word)) return ambiguous(`the number ${word}`, this.pos)
    return corrupt(`${this.#shown()} in place of ${wanted}`, this.pos)
  }

  #word(): string {
    nameToken.lastIndex = this.pos
    return nameToken.exec(this.text)?.[0] ?? ''
  }

  #shown(): string {
    return this.pos >= this.text.length ? 'its end' : JSON.stringify(this.text.slice(this.pos, this.pos + 20))
  }
}

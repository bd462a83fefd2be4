import type { JsonScanner } from './json-scanner.ts'
import { ambiguous } from './refusals.ts'

type Readers<T> = { readonly [K in keyof T]-?: (scanner: JsonScanner, name: string) => NonNullable<T[K]> }

/**
 * A parser of objects with these members. Members of other names are passed over, as OTLP asks, unless they are
 * another spelling (`time_unix_nano`, `TimeUnixNano`) that some reader would take for one of these.
 * @throws AuditError (the parser) `ambiguous`, `corrupt`
 */
export function objectParser<T extends object>(
  what: string,
  readers: Readers<T>,
): (scanner: JsonScanner) => Partial<T> {
  const known = new Map<string, Readers<T>[keyof T]>()
  for (const name in readers) known.set(name, readers[name])
  const spellings = new Set(Array.from(known.keys(), withoutSpelling))
  return (scanner) => {
    const result: Partial<T> = {}
    let others: Set<string> | undefined
    scanner.openObject(what)
    for (let name = scanner.member(true); name !== undefined; name = scanner.member(false)) {
      const read = known.get(name)
      if (read !== undefined) {
        if (result[name as keyof T] !== undefined) throw scanner.twice(name)
        result[name as keyof T] = read(scanner, name)
        continue
      }
      if (spellings.has(withoutSpelling(name))) {
        throw ambiguous(`the member ${JSON.stringify(name)}, not spelled as in OTLP/JSON,`, scanner.pos)
      }
      others ??= new Set()
      if (others.has(name)) throw scanner.twice(name)
      others.add(name)
      scanner.skip()
    }
    return result
  }
}

/** A parser of arrays. */
export function arrayParser<T>(item: (scanner: JsonScanner) => T): (scanner: JsonScanner, name: string) => T[] {
  return (scanner, name) => {
    const items: T[] = []
    scanner.openArray(name)
    for (let first = true; scanner.element(first); first = false) items.push(item(scanner))
    return items
  }
}

function withoutSpelling(name: string): string {
  return name.replaceAll('_', '').toLowerCase()
}

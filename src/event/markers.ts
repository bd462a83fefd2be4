/** The longest name or message that a marker quotes. */
const quotedLength = 200

function quoted(text: string): string {
  return (text.length > quotedLength ? `${text.slice(0, quotedLength)}…` : text).toWellFormed()
}

/** What was thrown, in a few words; never throws itself. */
export function describeThrown(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return quoted(String(error))
    const { message } = error as { message?: unknown }
    return `${errorType(error)}: ${quoted(typeof message === 'string' ? message : '')}`
  } catch {
    return 'unreadable error'
  }
}

/**
 * The type of an error as an audit record names it: its `name`, or its class where the name is the plain `Error`. Never
 * throws, whatever was thrown.
 */
export function errorType(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return typeof error
    const { name, constructor } = error as { name?: unknown; constructor?: unknown }
    if (typeof name === 'string' && name !== '' && name !== 'Error') return quoted(name)
    return (typeof constructor === 'function' && className(constructor)) || 'Error'
  } catch {
    return 'Error'
  }
}

function className(maker: object): string {
  const { name } = maker as { name?: unknown }
  return typeof name === 'string' ? quoted(name) : ''
}

/** `[Function name]`, `[Symbol(name)]`: for values that are no data. */
export function codeMarker(value: unknown): string {
  if (typeof value === 'symbol') return `[Symbol(${quoted(value.description ?? '')})]`
  try {
    const name = className(value as object)
    return name === '' ? '[Function]' : `[Function ${name}]`
  } catch {
    return '[Function]'
  }
}

/** `[ClassName]`: for an object that shows nothing of itself. */
export function opaqueMarker(prototype: object): string {
  const { constructor } = prototype
  return `[${(typeof constructor === 'function' && className(constructor)) || 'Object'}]`
}

/** For an object that could not be read at all, such as a revoked proxy. */
export function unreadableMarker(error: unknown): string {
  return `[Unreadable: ${describeThrown(error)}]`
}

/** For a property that threw when it was read. */
export function threwMarker(error: unknown): string {
  return `[Getter threw: ${describeThrown(error)}]`
}

/** For what lies deeper than the levels that are kept. */
export function depthMarker(levels: number): string {
  return `[Depth > ${levels}]`
}

export const circularMarker = '[Circular]'

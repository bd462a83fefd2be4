const listLength = 64
const pointerLength = 256

/** A JSON pointer (RFC 6901) from the first `length` steps of a path; the empty one is the whole. */
export function jsonPointer(path: readonly (string | number)[], length: number): string {
  let pointer = ''
  for (let i = 0; i < length; i++) {
    const step = path[i]
    pointer += typeof step === 'string' ? `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}` : `/${step ?? ''}`
  }
  pointer = pointer.toWellFormed()
  return pointer.length > pointerLength ? `${pointer.slice(0, pointerLength).toWellFormed()}…` : pointer
}

const empty: readonly string[] = Object.freeze([])

/**
 * Collects pointers, at most 64. When there were more, the sorted list ends with a line such as `… and 12 more`, which
 * is no pointer because it does not begin with a slash; a pointer of more than 256 characters is cut and ends with `…`.
 */
export class PointerList {
  #pointers: string[] = []
  #more = 0

  add(path: readonly (string | number)[], length: number): void {
    if (this.#pointers.length < listLength) this.#pointers.push(jsonPointer(path, length))
    else this.#more++
  }

  clear(): void {
    if (this.#pointers.length > 0) this.#pointers = []
    this.#more = 0
  }

  /** The list, sorted and frozen. */
  take(): readonly string[] {
    if (this.#pointers.length === 0) return empty
    const pointers = [...new Set(this.#pointers)].sort()
    if (this.#more > 0) pointers.push(`… and ${this.#more} more`)
    return Object.freeze(pointers)
  }
}

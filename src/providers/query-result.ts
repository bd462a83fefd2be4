/** No row could be found in what a session's `execute` resolved with. */
export const noRow = Symbol('no row')

/**
 * The first value of the first row, in the shapes that drivers use: `{ rows }`, an array of rows, `[rows, meta]`, with
 * rows as objects or arrays.
 */
export function firstValue(result: unknown): unknown {
  let inner = result
  for (let depth = 0; depth < 4; depth++) {
    if (typeof inner !== 'object' || inner === null) return depth === 0 ? noRow : inner
    const next = firstOf(inner)
    if (next === undefined) return noRow
    inner = next
  }
  return noRow
}

function firstOf(container: object): unknown {
  if (Array.isArray(container)) return container[0] as unknown
  if ('rows' in container && Array.isArray(container.rows)) return container.rows[0] as unknown
  return Object.values(container)[0] as unknown
}

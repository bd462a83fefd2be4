/** What somebody else's code returned, as a promise of ours. It never throws, whatever `then` the value has. */
export function promiseOf(value: unknown): Promise<unknown> {
  return new Promise((resolve) => resolve(value))
}

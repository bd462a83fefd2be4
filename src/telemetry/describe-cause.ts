/** A thrown value in a few words; anything can be thrown, and reading it can throw again. */
export function describe(cause: unknown): string {
  try {
    if (cause instanceof Error) return cause.message === '' ? cause.name : cause.message
    return String(cause)
  } catch {
    return 'a value that cannot be shown'
  }
}

/** What one look found. `unchecked`: it could not be looked at, which is not to say that it is well. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail' | 'unchecked'
  readonly found: string
  /** What to do about it. */
  readonly advice?: string
  /** Figures for `--json`. */
  readonly data?: Readonly<Record<string, unknown>>
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map((one: unknown) => messageOf(one)))].join('; ')
  }
  return error instanceof Error ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name) : String(error)
}

/** Runs a check; what it throws becomes a line of its own. */
export async function checked(
  name: string,
  look: () => Check | readonly Check[] | Promise<Check | readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    const found = await look()
    return 'status' in found ? [found] : found
  } catch (error) {
    return [{ name, status: 'unchecked', found: `could not be checked: ${messageOf(error)}` }]
  }
}

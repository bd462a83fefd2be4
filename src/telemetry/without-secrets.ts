/**
 * An address as it may be shown, whether it is a valid one or not: without user, password, query and fragment, any of which
 * may hold a token.
 */
export function withoutSecrets(address: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address)?.[0] ?? ''
  const at = address.lastIndexOf('@')
  const query = address.search(/[?#]/)
  // A password with a question mark in it, or a query with an @: no telling which part is the host.
  if (query !== -1 && query < at) return `${scheme}…`
  const host = at === -1 ? address : `${scheme}…@${address.slice(at + 1)}`
  return host.replace(/[?#].*$/s, '?…')
}

/** Whether a text, wherever it was found, may be an address with something in it that {@link withoutSecrets} hides. */
export function mayBeAddress(text: string): boolean {
  return /:\/\/|[@?]/.test(text)
}

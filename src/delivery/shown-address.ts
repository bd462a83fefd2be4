/** An address as others may see it, whole or relative: without user, password and query, which may hold a token. */
export function shownAddress(address: string): string {
  if (!URL.canParse(address)) return address.replace(/[?#].*$/s, '').replace(/^\/\/[^/]*@/, '//')
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname}`
}

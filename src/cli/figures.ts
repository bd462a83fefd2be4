/** `1,234 records`, `1 record`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes for people, in powers of 1,000. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const step = Math.min(4, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** step).toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][step] ?? 'TB'}`
}

/** Fixed ASCII text, ready to be compared with and copied to bytes four at a time. */
export interface Fragment {
  /** At least 4. */
  readonly length: number
  /** Little endian; the last one is filled up with zeros. */
  readonly words: Int32Array
  /** The last four bytes, which overlap the word before when the length is no multiple of four. */
  readonly lastWord: number
}

export function fragment(text: string): Fragment {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 4)
  new TextEncoder().encodeInto(text, bytes)
  const view = new DataView(bytes.buffer)
  const words = new Int32Array(bytes.length / 4)
  for (let index = 0; index < words.length; index++) words[index] = view.getInt32(4 * index, true)
  return { length: text.length, words, lastWord: view.getInt32(text.length - 4, true) }
}

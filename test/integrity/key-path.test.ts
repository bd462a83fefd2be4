import { describe, expect, it } from 'vitest'
import { KeyPaths, type KeyNode } from '../../src/integrity/key-path.ts'

const size = (node: KeyNode): number =>
  [...(node.next?.values() ?? [])].reduce((sum, next) => sum + size(next), node.next?.size ?? 0)

describe('KeyPaths', () => {
  it('remembers a bounded number of keys, and no long ones', () => {
    const paths = new KeyPaths()
    for (let index = 0; index < 20_000; index++) {
      expect(paths.step(paths.root, `k${index}`)?.canonical).toBe(`"k${index}":`)
    }
    expect(size(paths.root)).toBeLessThanOrEqual(4096)
    const fresh = new KeyPaths()
    expect(fresh.step(fresh.root, 'x'.repeat(1000))?.key).toHaveLength(1000)
    expect(size(fresh.root)).toBe(0)
  })

  it('refuses a key that does not sort behind the one before, by UTF-16 code units', () => {
    const paths = new KeyPaths()
    const b = paths.step(paths.root, 'b')!
    expect(paths.step(b, 'a')).toBeUndefined()
    expect(paths.step(b, 'b')).toBeUndefined()
    expect(paths.step(b, 'c')?.wire).toBe(',{"key":"c","value":')
    const emoji = paths.step(paths.root, '😀')!
    expect(paths.step(emoji, '\ufb33')?.key).toBe('\ufb33')
    expect(paths.step(emoji, '€')).toBeUndefined()
  })
})

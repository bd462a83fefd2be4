import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'

export const root = join(import.meta.dirname, '..', '..')

export type Tree = { readonly [key: string]: unknown }

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A YAML file of the repository; throws on errors, warnings and repeated keys. */
export function yaml(path: string): Tree {
  const document = parseDocument(readFileSync(join(root, path), 'utf8'), { merge: true })
  const [problem] = [...document.errors, ...document.warnings]
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`)
  const value: unknown = document.toJS()
  if (!isTree(value)) throw new Error(`${path} is not a map`)
  return value
}

/** The map at `path` below `tree`; throws where there is none. */
export function at(tree: Tree, ...path: readonly string[]): Tree {
  let here: unknown = tree
  for (const key of path) here = isTree(here) ? here[key] : undefined
  if (!isTree(here)) throw new Error(`nothing at ${path.join('.')}`)
  return here
}

export const list = (value: unknown): readonly unknown[] => {
  if (!Array.isArray(value)) throw new Error('not a list')
  return value
}

export const strings = (value: unknown): readonly string[] =>
  list(value).map((entry) => {
    if (typeof entry !== 'string') throw new Error(`not a string: ${JSON.stringify(entry)}`)
    return entry
  })

/** Every file below a folder of the repository, relative to the root. */
export function filesBelow(folder: string, extension: RegExp): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => extension.test(name))
    .map((name) => join(folder, name))
}

/** Every string anywhere inside, with the path of keys to it. */
export function* leaves(value: unknown, path = ''): Generator<readonly [path: string, text: string]> {
  if (typeof value === 'string') yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) yield* leaves(inner, `${path}.${key}`)
}

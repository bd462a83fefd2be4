import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { leaves, root, yaml } from './files.ts'

const goMod = readFileSync(join(root, 'deploy/collector/build/go.mod'), 'utf8')
const components = readFileSync(join(root, 'deploy/collector/build/components.go'), 'utf8')
const modules = [...leaves(yaml('deploy/collector/build/manifest.yaml'))]
  .filter(([path]) => path.endsWith('.gomod'))
  .map(([path, module]): [string, string, string] => {
    const [name = '', version = ''] = module.split(' ')
    return [name, version, path]
  })

describe('the Collector that is built here', () => {
  it.each(modules)('has %s %s of the manifest, at that version', (name, version, path) => {
    expect(goMod).toContain(`\t${name} ${version}\n`)
    if (!path.startsWith('.providers')) expect(components).toContain(`"${name}"`)
  })

  it('says how to get Go where there is none, and fails', () => {
    const script = join(root, 'scripts', 'build-collector.mjs')
    const { status, stderr } = spawnSync(process.execPath, [script, '--force'], {
      encoding: 'utf8',
      env: { PATH: join(root, 'deploy') },
    })
    expect(status).toBe(1)
    expect(stderr).toContain('needs Go 1.26 or newer')
    expect(stderr).toContain('https://go.dev/doc/install')
  })
})

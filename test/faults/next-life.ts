import { expect, onTestFinished } from 'vitest'
import { createAuditLogger } from '../../src/index.ts'
import { startHostileCollector, type HostileCollector } from '../../src/testing/index.ts'

/** The next logger on a journal, until everything is delivered to a collector of its own. */
export async function nextLife(dir: string): Promise<{ problems: string[]; collector: HostileCollector }> {
  const collector = await startHostileCollector()
  onTestFinished(() => collector.close())
  const problems: string[] = []
  const next = createAuditLogger({
    journal: { dir },
    collector: { url: collector.url },
    onProblem: ({ code, message }) => problems.push(`${code}: ${message}`),
  })
  await next.ready()
  expect(await next.drain({ timeoutMillis: 60_000 })).toEqual({ undelivered: 0 })
  await next.shutdown({ drain: true })
  return { problems, collector }
}

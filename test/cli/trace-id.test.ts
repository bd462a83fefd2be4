import { expect, it } from 'vitest'
import { runCli } from './run-cli.ts'

it('gives the trace ID that records of a request ID carry', async () => {
  const uuid = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'
  expect(await runCli(['trace-id', uuid])).toEqual({ code: 0, out: ['4bf92f3577b34da6a3ce929d0e0e4736'], notes: [] })
  // printf order-17 | sha256sum
  expect((await runCli(['trace-id', 'order-17'])).out).toEqual(['72a90ea3da8b5dd01bde2f27314e02e2'])
  expect((await runCli(['trace-id', '--json', uuid])).out).toEqual([
    `{"requestId":"${uuid}","traceId":"4bf92f3577b34da6a3ce929d0e0e4736"}`,
  ])
})

it('wants one request ID', async () => {
  for (const args of [[], [''], ['a', 'b']]) {
    expect(await runCli(['trace-id', ...args])).toEqual({
      code: 2,
      out: [],
      notes: ['otel-audit trace-id: give one request ID; see otel-audit trace-id --help'],
    })
  }
})

import { randomUUID } from 'node:crypto'

export interface AdminRequest {
  readonly as: string
  readonly method: 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: object
  /** A remark for the reader. */
  readonly note?: string
}

/** A morning in the administration. */
export const morning: readonly AdminRequest[] = [
  { as: 'alice', method: 'POST', path: '/stores', body: { name: 'Berlin', currency: 'EUR' } },
  { as: 'mara', method: 'POST', path: '/stores', body: { name: 'Oslo', currency: 'NOK' } },
  { as: 'alice', method: 'POST', path: '/users', body: { id: 'bob', email: 'bob@example.com', role: 'support' } },
  { as: 'alice', method: 'PUT', path: '/users/bob/role', body: { role: 'manager' } },
  {
    as: 'mara',
    method: 'PUT',
    path: '/settings/mail',
    body: { value: { host: 'smtp.example.com', password: 'hunter2' } },
    note: 'the password never reaches the trail',
  },
  { as: 'sam', method: 'POST', path: '/stores/1/close', body: { reason: 'prank' }, note: 'not allowed, so a failure' },
  { as: 'alice', method: 'POST', path: '/stores/2/close', body: { reason: 'moved' } },
  { as: 'alice', method: 'DELETE', path: '/users/bob' },
]

/** The last request before the crash. */
export const doomed: AdminRequest = {
  as: 'alice',
  method: 'POST',
  path: '/stores',
  body: { name: 'Madrid', currency: 'EUR' },
}

export interface Answered {
  readonly requestId: string
  readonly status: number
}

/** Sends one request as any HTTP client would; the service takes the request ID from its header. */
export async function send(url: string, request: AdminRequest): Promise<Answered> {
  const requestId = `req-${randomUUID().slice(0, 8)}`
  const answer = await fetch(url + request.path, {
    method: request.method,
    headers: {
      'x-admin-user': request.as,
      'x-request-id': requestId,
      'user-agent': 'admin-console/1.4',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  })
  await answer.arrayBuffer()
  return { requestId, status: answer.status }
}

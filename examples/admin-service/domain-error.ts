/** A refusal that the caller may read; Fastify answers with its `statusCode`. */
export class DomainError extends Error {
  readonly statusCode: number

  constructor(statusCode: 400 | 401 | 403 | 404 | 409, name: string, message: string) {
    super(message)
    this.name = name
    this.statusCode = statusCode
  }
}

export const notFound = (what: string) => new DomainError(404, 'NotFound', `there is no ${what}`)
export const conflict = (message: string) => new DomainError(409, 'Conflict', message)
export const invalid = (message: string) => new DomainError(400, 'Invalid', message)
export const forbidden = (message: string) => new DomainError(403, 'Forbidden', message)

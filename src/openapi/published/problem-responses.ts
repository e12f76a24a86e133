import { isDeepStrictEqual } from 'node:util'
import type { Response } from '../document.ts'

/** Names of the shared problem responses: the reason phrases of their status. */
const names: Readonly<Record<string, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  412: 'PreconditionFailed',
  413: 'ContentTooLarge',
  415: 'UnsupportedMediaType',
  422: 'UnprocessableContent',
  429: 'TooManyRequests',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  default: 'UnexpectedError',
}

const unexpected = {
  description: 'Any other error. Programs act on `code`.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** Problem responses as shared components, collected while operations are published. */
export function makeProblemResponses() {
  const shared = new Map<string, Response>()
  const share = (status: string, response: Response): Response => {
    const name = names[status]
    if (name === undefined) throw new Error(`The problem response ${status} has no name.`)
    const known = shared.get(name) ?? response
    if (!isDeepStrictEqual(known, response))
      throw new Error(`There are two different responses ${name}. Responses of one status are shared.`)
    shared.set(name, known)
    return { $ref: `#/components/responses/${name}` }
  }
  return {
    /** Responses of an operation with references to the shared ones, and one for all other errors. */
    referring(responses: Readonly<Record<string, Response>>): Record<string, Response> {
      const all = Object.entries({ ...responses, default: unexpected })
      return Object.fromEntries(
        all.map(([status, response]) => [status, isProblem(response) ? share(status, response) : response]),
      )
    },
    components(): Record<string, Response> {
      return Object.fromEntries([...shared].sort(([a], [b]) => (a < b ? -1 : 1)))
    },
  }
}

function isProblem({ content = {} }: Response): boolean {
  return 'application/problem+json' in content
}

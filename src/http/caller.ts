import type { FastifyRequest } from 'fastify'
import type { Actor } from '../vocabulary/actor.ts'

import type { ValidationError } from '../vocabulary/api-error.ts'
import type { Scope } from '../vocabulary/scopes.ts'

/** Authenticated caller. Every query is scoped to its project. */
export interface Caller {
  projectId: string
  scopes: ReadonlySet<Scope>
  by: Actor
}

/** Returns the caller, or throws an ApiError `unauthenticated`. Implemented by access/. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>

/** Caller data recorded with a change. */
export function ownerOf({ caller }: { caller: Caller }): Pick<Caller, 'projectId' | 'by'> {
  return { projectId: caller.projectId, by: caller.by }
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyInstance {
    /** Re-authenticates long requests: a key may be revoked while they are open. */
    authenticate: Authenticate
  }
  interface FastifyContextConfig {
    /** Scopes, one of which is required; empty = any caller. Required for each guarded route. */
    scopes?: readonly Scope[]
    /** Rules beyond the schema of the body, reported together with the schema's errors. */
    bodyRules?: (body: unknown) => readonly ValidationError[]
    /** Name of the body's schema in the OpenAPI document, if its parts are validated separately. */
    documentedBody?: string
  }
}

import type { FastifyRequest } from 'fastify'
import type { Actor } from '../vocabulary/actor.ts'

import type { ValidationError } from '../vocabulary/api-error.ts'
import type { Scope } from '../vocabulary/scopes.ts'

/** Who sent a request. Every query is narrowed to the project. */
export interface Caller {
  projectId: string
  scopes: ReadonlySet<Scope>
  by: Actor
}

/** Returns the caller, or throws an ApiError `unauthenticated`. Implemented by access/. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>

/** What of a caller a change is recorded with. */
export function ownerOf({ caller }: { caller: Caller }): Pick<Caller, 'projectId' | 'by'> {
  return { projectId: caller.projectId, by: caller.by }
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyInstance {
    /** For requests that outlast their proof: a key may be revoked while its request waits. */
    authenticate: Authenticate
  }
  interface FastifyContextConfig {
    /** Any one of these lets a caller in; none of them: every caller. Each guarded route has to say. */
    scopes?: readonly Scope[]
    /** Rules beyond the schema of the body, reported together with the schema's errors. */
    bodyRules?: (body: unknown) => readonly ValidationError[]
  }
}

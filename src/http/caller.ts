import type { FastifyRequest } from 'fastify'

/** Who sent a request. Every query is narrowed to the project. */
export interface Caller {
  projectId: string
  keyId: string
}

/** Tells who is calling, or throws a Refusal `unauthenticated`. Implemented by the projects room. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
}

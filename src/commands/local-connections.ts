import { type Container, makeEndpointMoves } from '../container/container.ts'
import type { Database } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { Sandbox } from '../sandbox/server.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { sandboxConnections } from './sandbox-connections.ts'

/** Updates existing connections to the sandbox's current URLs. Must run before any call over them. */
export async function followSandbox({ prisma }: Database, by: Actor, sandbox: Sandbox): Promise<void> {
  const move = makeEndpointMoves(prisma, by)
  const providers = Object.entries(sandbox.urls)
  for (const [provider, url] of providers) await move({ provider, name: `sandbox-${provider}`, url })
}

/**
 * Creates the project's missing connections to sandbox providers. Bypasses the API and its rate limits. A connection
 * denied by the quota is reported, and the service remains usable without it.
 */
export async function connectSandbox(
  { app }: Container,
  owner: { projectId: string; by: Actor },
  { sandbox, logger }: { sandbox: Sandbox; logger: Logger },
): Promise<void> {
  for (const connection of sandboxConnections(sandbox)) {
    try {
      await app.connections.service.create(owner, connection)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code !== 'conflict') logger.warn({ err: error }, `connection ${connection.name} not created`)
    }
  }
}

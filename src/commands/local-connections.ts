import { type Container, makeEndpointMoves } from '../container/container.ts'
import type { Database } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { Sandbox } from '../sandbox/server.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { sandboxConnections } from './sandbox-connections.ts'

/** Points the connections that are there at where the sandbox listens now. Before anything is sent over them. */
export async function followSandbox({ prisma }: Database, by: Actor, sandbox: Sandbox): Promise<void> {
  const move = makeEndpointMoves(prisma, by)
  const providers = Object.entries(sandbox.urls)
  for (const [provider, url] of providers) await move({ provider, name: `sandbox-${provider}`, url })
}

/**
 * Creates the connection to each sandbox provider that the project lacks. Not through the API, whose limits are for clients.
 * One that the project may not have (its quota) is reported, and the service is usable without it.
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

import type { FastifyBaseLogger } from 'fastify'
import { type CapabilitiesRoutesDeps, registerCapabilities } from './capabilities/capabilities.routes.ts'
import { type ConnectionRoutesDeps, registerConnections } from './connections/connections.routes.ts'
import { type EnvironmentRoutesDeps, registerEnvironments } from './environments/environments.routes.ts'
import { type GuardDeps, guard } from './http/guard.ts'
import { registerOpenApi } from './http/openapi.ts'
import { type Readiness, registerOperations } from './http/operations.routes.ts'
import { type HttpServer, makeServer } from './http/server.ts'
import { type JobRoutesDeps, registerJobs } from './jobs/jobs.routes.ts'
import { type ProjectRoutesDeps, registerProjects } from './projects/projects.routes.ts'
import {
  AttemptList,
  AttemptSchema,
  EventPage,
  EventSchema,
  Preview,
  RemotePayload,
} from './workloads/workload.schemas.ts'

export interface AppDeps {
  logger: FastifyBaseLogger
  bodyLimitBytes: number
  version: string
  guard: GuardDeps
  projects: ProjectRoutesDeps
  readiness: Readiness
  capabilities: CapabilitiesRoutesDeps
  connections: ConnectionRoutesDeps
  jobs: JobRoutesDeps
  environments: EnvironmentRoutesDeps
}

/** The HTTP service: what is registered, in order. It listens to nothing yet. */
export async function makeApp(deps: AppDeps): Promise<HttpServer> {
  const server = makeServer(deps)
  await registerOpenApi(server, deps.version)
  await server.register(async (open) => registerOperations(open, deps))
  for (const schema of [EventSchema, EventPage, AttemptSchema, AttemptList, RemotePayload, Preview])
    server.addSchema(schema)
  await server.register(async (guarded) => {
    guard(guarded, deps.guard)
    await registerCapabilities(guarded, deps.capabilities)
    await registerConnections(guarded, deps.connections)
    await registerJobs(guarded, deps.jobs)
    await registerEnvironments(guarded, deps.environments)
    await registerProjects(guarded, deps.projects)
  })
  return server
}

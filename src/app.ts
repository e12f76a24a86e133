import cors from '@fastify/cors'
import { type ProjectRoutesDeps, registerProjects } from './access/projects.routes.ts'
import { type CapabilitiesRoutesDeps, registerCapabilities } from './capabilities/capabilities.routes.ts'
import { type ConnectionRoutesDeps, registerConnections } from './connections/connections.routes.ts'
import { type EnvironmentRoutesDeps, registerEnvironments } from './environments/environments.routes.ts'
import { EventSchema } from './events/event.schemas.ts'
import { type EventRoutesDeps, registerEvents } from './events/events.routes.ts'
import { type HealthRoutesDeps, registerHealth } from './health/health.routes.ts'
import { type AuthHooksDeps, registerAuthHooks } from './http/auth-hooks.ts'
import { announceDeprecations, type Deprecation } from './http/deprecations.ts'
import { responseHeaders } from './http/headers.ts'
import { shedLoad } from './http/load-shedding.ts'
import { registerFrontPage, registerOpenApi } from './http/openapi.ts'
import { type Readiness, registerOperations } from './http/operations.routes.ts'
import { registerProblems } from './http/problems.routes.ts'
import { rejectUnknownParameters } from './http/query-parameters.ts'
import { type HttpServer, makeServer, type ServerOptions } from './http/server.ts'
import type { RequestRates } from './infra/request-rates.ts'
import { type JobRoutesDeps, registerJobs } from './jobs/jobs.routes.ts'
import { completeDocument } from './openapi/complete.ts'
import type { OpenApiDocument } from './openapi/document.ts'
import { registerOpenApi30 } from './openapi/openapi-3.0.routes.ts'
import { sharedHeaders } from './openapi/response-headers.ts'
import { type OperatorRoutesDeps, registerOperator } from './operator/operator.routes.ts'
import { historyPages } from './records/history.routes.ts'
import { PreviewSchema } from './records/preview.routes.ts'
import { AttemptSchema, RemotePayload } from './records/record.schemas.ts'
import type { Metrics } from './telemetry/metrics.ts'
import { registerWebhooks, type WebhookRoutesDeps } from './webhooks/webhooks.routes.ts'

export interface AppDeps extends ServerOptions {
  version: string
  authHooks: AuthHooksDeps
  deprecations: readonly Deprecation[]
  /** Null: unlimited. */
  requestRates: RequestRates | null
  projects: ProjectRoutesDeps
  readiness: Readiness
  /** Null: not served. */
  metrics: Metrics | null
  capabilities: CapabilitiesRoutesDeps
  connections: ConnectionRoutesDeps
  health: HealthRoutesDeps
  jobs: JobRoutesDeps
  environments: EnvironmentRoutesDeps
  events: EventRoutesDeps
  webhooks: WebhookRoutesDeps
  operator: OperatorRoutesDeps
}

/** CORS policy. Keys are sent in a header, so no cookies are involved. */
function corsOf(origins: readonly string[]) {
  const exposedHeaders = [...responseHeaders, ...sharedHeaders]
  return { origin: [...origins], methods: ['GET', 'POST', 'PATCH', 'DELETE'], exposedHeaders, maxAge: 600 }
}

/** Builds the HTTP service without listening. The order of registration matters. */
export async function makeApp(deps: AppDeps): Promise<HttpServer> {
  const server = makeServer(deps)
  announceDeprecations(server, deps.deprecations)
  const complete = (document: object) => completeDocument(document as OpenApiDocument, deps.deprecations)
  await registerOpenApi(server, deps, complete)
  if (deps.edge.hasDocs) await server.register(async (open) => registerOpenApi30(open))
  if (deps.edge.corsOrigins.length > 0) await server.register(cors, corsOf(deps.edge.corsOrigins))
  await server.register(async (open) => registerFrontPage(open, deps))
  if (deps.edge.hasDocs) await server.register(async (open) => registerProblems(open))
  await server.register(async (open) => registerOperations(open, deps))
  for (const schema of [EventSchema, AttemptSchema, ...historyPages, RemotePayload, PreviewSchema])
    server.addSchema(schema)
  await server.register(async (guarded) => {
    await shedLoad(guarded, deps.edge.load)
    registerAuthHooks(guarded, deps.authHooks, deps.requestRates)
    rejectUnknownParameters(guarded)
    await registerCapabilities(guarded, deps.capabilities)
    await registerConnections(guarded, deps.connections)
    await registerHealth(guarded, deps.health)
    await registerJobs(guarded, deps.jobs)
    await registerEnvironments(guarded, deps.environments)
    await registerEvents(guarded, deps.events)
    await registerWebhooks(guarded, deps.webhooks)
    await registerProjects(guarded, deps.projects)
    await registerOperator(guarded, deps.operator)
  })
  return server
}

/** Builds a service with only the health checks and metrics, for a port of its own. */
export async function makeOperationsApp({
  requestObserver: _,
  ...deps
}: ServerOptions & Pick<AppDeps, 'readiness' | 'metrics'>): Promise<HttpServer> {
  const server = makeServer(deps)
  await registerOperations(server, deps)
  return server
}

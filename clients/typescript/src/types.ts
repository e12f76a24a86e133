import type { paths } from './generated/api.ts'

// Types are taken from the operations that use them, since names of schemas may change.

type Method = 'get' | 'post' | 'patch' | 'delete'
type Operation<P extends keyof paths, M extends Method> = paths[P][M]
type JsonOf<R> = R extends { content: { 'application/json': infer T } } ? T : never

/** Data of a successful response. */
export type Data<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? JsonOf<R[keyof R & (200 | 201 | 202)]> : never

/** Body of a request. */
export type Body<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: infer B } ? JsonOf<NonNullable<B>> : never

/** Query parameters of a request. */
export type Query<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never

export type Job = Data<'/jobs/{id}', 'get'>
export type JobRequest = Body<'/jobs', 'post'>
export type JobPatch = Body<'/jobs/{id}', 'patch'>
export type JobFilter = Query<'/jobs', 'get'>
export type JobPage = Data<'/jobs', 'get'>
export type JobImport = Body<'/jobs/import', 'post'>
export type JobResolution = Body<'/jobs/{id}/resolve', 'post'>
export type JobBatchItem = Body<'/jobs/batch', 'post'>['jobs'][number]
export type JobBatchResult = Data<'/jobs/batch', 'post'>
export type JobBatchCancelRequest = Body<'/jobs/batch-cancel', 'post'>
export type JobBatchCancelResult = Data<'/jobs/batch-cancel', 'post'>
export type JobStatus = Job['status']
export type LogChunk = Data<'/jobs/{id}/logs', 'get'>
export type Preview = Data<'/jobs/preview', 'post'>
export type Attempt = Data<'/jobs/{id}/attempts', 'get'>['data'][number]
export type RemotePayload = Data<'/jobs/{id}/remote', 'get'>
/** An event of a job or an environment. */
export type RecordEvent = Data<'/jobs/{id}/events', 'get'>['data'][number]

export type Environment = Data<'/environments/{id}', 'get'>
export type EnvironmentRequest = Body<'/environments', 'post'>
export type EnvironmentPatch = Body<'/environments/{id}', 'patch'>
export type EnvironmentFilter = Query<'/environments', 'get'>
export type EnvironmentPage = Data<'/environments', 'get'>
export type EnvironmentImport = Body<'/environments/import', 'post'>
export type EnvironmentResolution = Body<'/environments/{id}/resolve', 'post'>
export type EnvironmentStatus = Environment['status']
export type EnvironmentDeletion = Query<'/environments/{id}', 'delete'>
export type Access = Data<'/environments/{id}/access', 'get'>

export type Provider = Data<'/providers/{provider}', 'get'>
export type ProviderSummary = Data<'/providers', 'get'>['data'][number]
export type ProviderId = Provider['id']

export type Connection = Data<'/connections/{id}', 'get'>
export type ConnectionRequest = Body<'/connections', 'post'>
export type ConnectionPatch = Body<'/connections/{id}', 'patch'>
export type ConnectionFilter = Query<'/connections', 'get'>
export type ConnectionCapabilities = Data<'/connections/{id}/capabilities', 'get'>
export type ConnectionCatalog = Data<'/connections/{id}/catalog', 'get'>
export type OrphanReport = Data<'/connections/{id}/orphans', 'get'>
export type ConnectionHealth = Data<'/connections/{id}/health', 'get'>
export type ProviderHealthList = Data<'/providers/health', 'get'>
export type Verification = Data<'/connections/{id}/verify', 'post'>

export type WebhookEndpoint = Data<'/webhook-endpoints/{id}', 'get'>
export type WebhookEndpointWithSecret = Data<'/webhook-endpoints', 'post'>
export type WebhookEndpointRequest = Body<'/webhook-endpoints', 'post'>
export type WebhookEndpointPatch = Body<'/webhook-endpoints/{id}', 'patch'>
export type WebhookSecretRotation = Body<'/webhook-endpoints/{id}/rotate-secret', 'post'>
export type WebhookReplayRequest = Body<'/webhook-endpoints/{id}/replay', 'post'>
export type WebhookReplayResult = Data<'/webhook-endpoints/{id}/replay', 'post'>
export type WebhookDelivery = Data<'/webhook-endpoints/{id}/deliveries/{deliveryId}', 'get'>
export type WebhookDeliveryFilter = Query<'/webhook-endpoints/{id}/deliveries', 'get'>

/** An event of the project: of any of its jobs and environments. */
export type ProjectEvent = Data<'/events', 'get'>['data'][number]
export type ProjectEventPage = Data<'/events', 'get'>

export type Project = Data<'/projects/{id}', 'get'>
export type ProjectRequest = Body<'/projects', 'post'>
export type ProjectPatch = Body<'/projects/{id}', 'patch'>

export type ApiKey = Data<'/api-keys/{id}', 'get'>
export type ApiKeyWithSecret = Data<'/api-keys', 'post'>
export type ApiKeyRequest = Body<'/api-keys', 'post'>
export type ApiKeyRotation = Body<'/api-keys/{id}/rotate', 'post'>
export type ApiKeyFilter = Query<'/api-keys', 'get'>

export type AuditEntry = Data<'/audit', 'get'>['data'][number]
export type AuditFilter = Query<'/audit', 'get'>

export type AttentionFilter = Query<'/attention', 'get'>
export type AttentionItem = Data<'/attention', 'get'>['data'][number]
export type AttentionPage = Data<'/attention', 'get'>
export type AttentionResolveRequest = Body<'/attention/resolve', 'post'>
export type AttentionResolveResult = Data<'/attention/resolve', 'post'>
export type CandidateReport = Data<'/attention/{id}/candidates', 'get'>
export type WorkloadResolution = Body<'/attention/{id}/resolve', 'post'>
export type ResolvedWorkload = Data<'/attention/{id}/resolve', 'post'>

export type CreationHold = Data<'/creation-holds/{id}', 'get'>
export type CreationHoldRequest = Body<'/creation-holds', 'post'>
export type CreationHoldFilter = Query<'/creation-holds', 'get'>

export type AuditExportFilter = Query<'/audit/export', 'get'>

/** Parameters of a list without filters. */
export type PageQuery = Query<'/events', 'get'>

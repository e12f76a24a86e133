import { type Api, type HttpClient, makeApi } from './api.ts'
import { type ApiKeys, type Audit, makeApiKeys, makeAudit, makeProjects, type Projects } from './resources/access.ts'
import { type Connections, makeConnections } from './resources/connections.ts'
import { type Environments, makeEnvironments } from './resources/environments.ts'
import { type Events, makeEvents } from './resources/events.ts'
import { type Jobs, makeJobs } from './resources/jobs.ts'
import { type Attention, type CreationHolds, makeAttention, makeCreationHolds } from './resources/operator.ts'
import { makeProviders, type Providers } from './resources/providers.ts'
import { makeWebhookEndpoints, type WebhookEndpoints } from './resources/webhook-endpoints.ts'
import { type SwitchyardOptions, settingsOf } from './settings.ts'

/** Client of one service with one API key. It holds no connections and need not be closed. */
export class Switchyard {
  readonly #api: Api
  readonly apiKeys: ApiKeys
  readonly attention: Attention
  readonly audit: Audit
  readonly connections: Connections
  readonly creationHolds: CreationHolds
  readonly environments: Environments
  readonly events: Events
  readonly jobs: Jobs
  readonly projects: Projects
  readonly providers: Providers
  readonly webhookEndpoints: WebhookEndpoints

  /** @throws TypeError if the URL or the API key is missing or invalid */
  constructor(options: SwitchyardOptions = {}) {
    const api = makeApi(settingsOf(options))
    this.#api = api
    this.apiKeys = makeApiKeys(api)
    this.attention = makeAttention(api)
    this.audit = makeAudit(api)
    this.connections = makeConnections(api)
    this.creationHolds = makeCreationHolds(api)
    this.environments = makeEnvironments(api)
    this.events = makeEvents(api)
    this.jobs = makeJobs(api)
    this.projects = makeProjects(api)
    this.providers = makeProviders(api)
    this.webhookEndpoints = makeWebhookEndpoints(api)
  }

  /** The generated client, for what this class does not offer: typed by path, with the same key and retries. */
  get http(): HttpClient {
    return this.#api.http
  }
}

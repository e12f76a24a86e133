import { type Api, type HttpClient, makeApi } from './api.ts'
import { makeConnections } from './resources/connections.ts'
import { makeJobs } from './resources/jobs.ts'
import { makeProviders } from './resources/providers.ts'
import { type SwitchyardOptions, settingsOf } from './settings.ts'

/** Client of one service with one API key. It holds no connections of its own and need not be closed. */
export class Switchyard {
  readonly #api: Api
  readonly connections
  readonly jobs
  readonly providers

  /** @throws TypeError if the URL or the API key is missing or invalid */
  constructor(options: SwitchyardOptions = {}) {
    this.#api = makeApi(settingsOf(options))
    this.connections = makeConnections(this.#api)
    this.jobs = makeJobs(this.#api)
    this.providers = makeProviders(this.#api)
  }

  /** The generated client, for what this class does not offer: typed by path, with the same key and retries. */
  get http(): HttpClient {
    return this.#api.http
  }
}

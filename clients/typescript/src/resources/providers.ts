import type { Api, CallOptions } from '../api.ts'
import type { Provider, ProviderHealthList, ProviderId, ProviderSummary } from '../types.ts'

export interface Providers {
  /** All providers, with a summary of their capabilities. */
  list(options?: CallOptions): Promise<ProviderSummary[]>
  get(provider: ProviderId, options?: CallOptions): Promise<Provider>
  /** Calls, errors and latency of the last hour, over the connections of the project. */
  health(options?: CallOptions): Promise<ProviderHealthList>
}

export function makeProviders(api: Api): Providers {
  return {
    list: async (options) => (await api.call((http, init) => http.GET('/providers', init), options)).data,
    get: (provider, options) =>
      api.call((http, init) => http.GET('/providers/{provider}', { ...init, params: { path: { provider } } }), options),
    health: (options) => api.call((http, init) => http.GET('/providers/health', init), options),
  }
}

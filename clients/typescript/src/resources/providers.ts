import type { Api, CallOptions } from '../api.ts'
import type { Provider, ProviderId, ProviderSummary } from '../types.ts'

export interface Providers {
  /** All providers, with a summary of their capabilities. */
  list(options?: CallOptions): Promise<ProviderSummary[]>
  get(provider: ProviderId, options?: CallOptions): Promise<Provider>
}

export function makeProviders(api: Api): Providers {
  return {
    list: async (options) => (await api.call((http, init) => http.GET('/providers', init), options)).data,
    get: (provider, options) =>
      api.call((http, init) => http.GET('/providers/{provider}', { ...init, params: { path: { provider } } }), options),
  }
}

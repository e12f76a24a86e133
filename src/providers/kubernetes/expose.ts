import type { JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import { ProviderError } from '../provider-error.ts'
import { type KubeClient, type Resource, strictly } from './client.ts'
import { ingressOf, serviceOf } from './exposure.ts'
import { idIn, ingresses, services, tagIn } from './objects.ts'
import type { KubernetesSettings } from './settings.ts'

interface Target {
  set: JsonObject
  spec: EnvironmentSpec
  settings: KubernetesSettings
}

/** Creates the Service and the Ingress of the ports if they do not exist. */
export async function expose(client: KubeClient, { set, spec, settings }: Target, signal: AbortSignal): Promise<void> {
  const { ports = [] } = spec
  const id = idIn(set)
  const correlationTag = tagIn(set)
  if (ports.length === 0 || id === null || typeof correlationTag !== 'string') return
  const exposed = { id, correlationTag, ports }
  await ensure(client, services, serviceOf(exposed), signal)
  const ingress = ingressOf(exposed, settings)
  if (ingress !== null) await ensure(client, ingresses, ingress, signal)
}

/** The name contains the correlation tag: an object that exists is an earlier one of this environment. */
async function ensure(client: KubeClient, resource: Resource, body: JsonObject, signal: AbortSignal): Promise<void> {
  await client
    .call({ method: 'POST', path: client.path(resource), query: strictly, body }, { signal })
    .catch((error: unknown) => {
      if (error instanceof ProviderError && error.providerCode === 'AlreadyExists') return
      throw error
    })
}

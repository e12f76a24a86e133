import type { JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import { ProviderError } from '../provider-error.ts'
import { dryRunOf, type KubeCall, type KubeClient, type Resource, strictly } from './client.ts'
import { ingressOf, serviceOf } from './exposure.ts'
import { idIn, ingresses, services, tagIn } from './objects.ts'
import type { KubernetesSettings } from './settings.ts'

interface Target {
  set: JsonObject
  spec: EnvironmentSpec
  settings: KubernetesSettings
}

/** Creates the Service and the Ingress of the ports if they do not exist. */
export async function expose(client: KubeClient, target: Target, signal: AbortSignal): Promise<void> {
  for (const call of createCalls(client, target)) await ensure(client, call, signal)
}

/** Checks whether the server would create them. The StatefulSet is the response of a dry run, too. */
export async function exposeInDryRun(client: KubeClient, target: Target, signal: AbortSignal): Promise<void> {
  for (const call of createCalls(client, target)) await client.call(dryRunOf(call), { signal })
}

function createCalls(client: KubeClient, { set, spec, settings }: Target): readonly KubeCall[] {
  const { ports = [] } = spec
  const id = idIn(set)
  const correlationTag = tagIn(set)
  if (ports.length === 0 || id === null || typeof correlationTag !== 'string') return []
  const create = (resource: Resource, body: JsonObject): KubeCall => ({
    ...{ method: 'POST', path: client.path(resource), query: strictly, body },
  })
  const exposed = { id, correlationTag, ports }
  const ingress = ingressOf(exposed, settings)
  return [create(services, serviceOf(exposed)), ...(ingress === null ? [] : [create(ingresses, ingress)])]
}

/** The name contains the correlation tag: an object that exists is an earlier one of this environment. */
async function ensure(client: KubeClient, call: KubeCall, signal: AbortSignal): Promise<void> {
  await client.call(call, { signal }).catch((error: unknown) => {
    if (error instanceof ProviderError && error.providerCode === 'AlreadyExists') return
    throw error
  })
}

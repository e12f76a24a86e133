import { readObject, readText } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import type { KubeClient } from './client.ts'

/** The API version that Kueue serves, `apis/kueue.x-k8s.io/v1beta1`; null if the cluster has none. */
export async function kueueApi(client: KubeClient, signal: AbortSignal): Promise<string | null> {
  const path = 'apis/kueue.x-k8s.io'
  try {
    const group = await client.call({ method: 'GET', path }, { signal })
    const version = readText(readObject(group, 'preferredVersion'), 'version') ?? ''
    return /^v[a-z0-9]+$/.test(version) ? `${path}/${version}` : null
  } catch (error) {
    if (error instanceof ProviderError && error.httpStatus === 404) return null
    throw error
  }
}

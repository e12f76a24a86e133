import { readText } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import type { HubClient } from './client.ts'
import { withDetails } from './errors.ts'

/** The hub's version, which is public: `5.4.0` with its major number. A failure means a wrong base URL. */
export async function hubVersion(client: HubClient, signal: AbortSignal): Promise<{ version: string; major: number }> {
  const field = 'settings.baseUrl'
  const hub = await client.read({ method: 'GET', path: '/' }, { signal }).catch((error: unknown): never => {
    const isElsewhere = error instanceof ProviderError && ['not_found', 'bad_response'].includes(error.code)
    throw isElsewhere ? withDetails(error, { field }) : error
  })
  const version = readText(hub, 'version')
  if (version !== undefined) return { version, major: Number.parseInt(version, 10) }
  throw new ProviderError('bad_response', 'No JupyterHub found at this URL.', { field })
}

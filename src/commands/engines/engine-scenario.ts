import type { ApiClient, ApiRecord } from '../api-client.ts'
import type { Scenario } from '../demo-scenarios.ts'
import { portableJob } from '../portable-job.ts'
import { StartError } from '../start-error.ts'
import type { Engine } from './engine.ts'

/**
 * The portable job over a connection to an engine, with its output.
 *
 * @throws StartError if the engine rejects the connection
 */
export async function makeEngineScenario(api: ApiClient, engine: Engine): Promise<Scenario> {
  const { title, provider, url, settings, credentials, output = (job) => logOf(api, job) } = engine
  const request = { name: 'engine', settings: { [provider]: settings }, credentials: { [provider]: credentials } }
  const { id: connectionId } = await api.post('/connections', request).catch((error: unknown) => {
    throw new StartError(`${title} at ${url} cannot be used: ${reasonIn(error)}`)
  })
  const verified = await api.post<{ ok: boolean; field?: string; message?: string }>(
    `/connections/${connectionId}/verify`,
  )
  if (!verified.ok) {
    const field = verified.field === undefined ? '' : ` (${verified.field})`
    throw new StartError(`${title} at ${url} cannot be used${field}: ${verified.message}`)
  }
  return {
    provider,
    title: `${title} at ${url}: the portable job`,
    job: { ...portableJob(), connectionId },
    output,
  }
}

/** The details of the problem document at the end of the message. */
function reasonIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const { detail, errors = [] } = problemIn(message)
  const details = errors.flatMap((each) => each.detail ?? [])
  return details.length > 0 ? details.join(' ') : (detail ?? message)
}

function problemIn(message: string): { detail?: string; errors?: { detail?: string }[] } {
  try {
    return JSON.parse(message.slice(message.indexOf('{')))
  } catch {
    return {}
  }
}

async function logOf(api: ApiClient, { id }: ApiRecord): Promise<string> {
  const read = api.get<{ text?: string }>(`/jobs/${id}/logs`)
  return read.then(({ text = '' }) => text).catch((error: unknown) => `(${reasonIn(error)})`)
}

import type { OpenProvider, Provider } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { Session } from '../session.ts'
import { makeClient, type RayClient } from './client.ts'
import { hasProviderCode, knownErrors } from './errors.ts'
import { makeJobs } from './jobs.ts'
import { credentialsOf, rayCredentials, raySettings, settingsOf } from './settings.ts'
import { jobPath } from './wire.ts'

/** Ray through its Jobs API: submitted jobs only. A cluster has no equivalent of an environment. */
export const rayProvider: Provider = {
  id: 'ray',
  title: 'Ray',
  documentation: 'https://docs.ray.io/en/latest/cluster/running-applications/job-submission/api.html',
  settings: raySettings,
  credentials: rayCredentials,
  sample: {
    settings: { baseUrl: 'http://head.example.com:8265' },
    credentials: { token: 'exampleTokenForUnitTestsOnly000000000000001' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['baseUrl'],
  endpoints: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
  scope: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
  open,
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const { token } = credentialsOf(session.credentials)
  const client = makeClient({ http, clock, baseUrl: settings.baseUrl, token })
  return {
    drivers: { job: makeJobs(client, settings, { literals: token === undefined ? [] : [token] }) },
    async verify(signal) {
      try {
        await client.sessionName(signal)
        await assertServesJobs(client, signal)
      } catch (error) {
        throw named(error, token)
      }
    },
  }
}

/** No job has this id: ids of Switchyard end in a correlation tag. */
const unusedId = 'sy-verify'

/** A head without `ray[default]` reports its version and has no jobs. */
async function assertServesJobs(client: RayClient, signal: AbortSignal): Promise<void> {
  await client.call({ method: 'GET', path: jobPath(unusedId) }, signal).catch((error: unknown) => {
    if (!hasProviderCode(error, knownErrors.noSuchJob)) throw error
  })
}

/** Names the setting that explains the failure. */
function named(error: unknown, token: string | undefined): unknown {
  if (!(error instanceof ProviderError)) return error
  const { code, httpStatus, providerCode, retryAfterMs, field } = error
  const details = { httpStatus, providerCode, retryAfterMs, cause: error }
  if (providerCode === knownErrors.unauthenticated) {
    const detail =
      token === undefined
        ? `The cluster requires a token (RAY_AUTH_MODE=token), and the connection has none. ${error.message}`
        : `The cluster rejects the token: it is that of another cluster. ${error.message}`
    return new ProviderError(code, detail, { ...details, field: 'credentials.token' })
  }
  if (code !== 'bad_response') return error
  const detail = `This is not the Jobs API of a Ray head. \`baseUrl\` is the URL of its dashboard, which needs \`pip install "ray[default]"\`. ${error.message}`
  return new ProviderError(code, detail, { ...details, field: field ?? 'settings.baseUrl' })
}

import type { OpenProvider, Provider } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { Session } from '../session.ts'
import { makeAuthorize } from './authorize.ts'
import { type ModelartsClient, makeClient } from './client.ts'
import { listCall, makeEnvironments } from './environments.ts'
import { makeJobs } from './jobs.ts'
import { makeNotebooks, notebookListCall } from './notebooks.ts'
import {
  credentialError,
  credentialsOf,
  type ModelartsSettings,
  modelartsCredentials,
  modelartsSettings,
  secretsOf,
  settingsOf,
} from './settings.ts'

/** ModelArts (Open Telekom Cloud, Huawei Cloud): development environments or notebooks, and training jobs. */
export const modelartsProvider: Provider = {
  id: 'modelarts',
  title: 'ModelArts',
  documentation: 'https://docs.otc.t-systems.com/modelarts/api-ref/',
  settings: modelartsSettings,
  credentials: modelartsCredentials,
  sample: {
    settings: { region: 'eu-de', projectId: '77b6a44cba5143ab91d13ab9a8ff44fd', workspaceId: '0' },
    credentials: { accessKey: 'AKEXAMPLE0000000TEST', secretKey: 'skExampleSecretKey0000000000000000000000' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['region', 'domain', 'baseUrl', 'iamUrl'],
  endpoints(settings) {
    const { baseUrl, iamUrl } = settingsOf(settings)
    return { baseUrl, iamUrl }
  },
  credentialError,
  scope: (settings) => {
    const { region, baseUrl, projectId, workspaceId, environmentApi } = settingsOf(settings)
    return { region, baseUrl, projectId, workspaceId, environmentApi }
  },
  /** Instances, notebooks and jobs have UUIDs. */
  uniqueIds: () => ['job', 'environment'],
  open,
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const credentials = credentialsOf(session.credentials)
  const literals = secretsOf(credentials)
  const { baseUrl, projectId, environmentApi } = settings
  const authorize = makeAuthorize({ http, clock, settings, credentials })
  const client = makeClient({ http, clock, authorize, baseUrl, projectId, literals })
  const makeEnvironment = environmentApi === 'notebooks' ? makeNotebooks : makeEnvironments
  return {
    drivers: {
      job: makeJobs(client, settings, literals),
      environment: makeEnvironment(client, settings, literals),
    },
    verify: (signal) => verify(client, settings, signal),
  }
}

/** Lists environments, which requires valid credentials for the project, the workspace and the selected API. */
async function verify(client: ModelartsClient, settings: ModelartsSettings, signal: AbortSignal): Promise<void> {
  const { workspaceId, environmentApi } = settings
  const isNotebooks = environmentApi === 'notebooks'
  const call = isNotebooks ? notebookListCall(settings, { workspaceId, start: 0 }) : listCall(settings, workspaceId, 0)
  try {
    await client.send({ ...call, query: { ...call.query, limit: isNotebooks ? 10 : 1 } }, signal)
  } catch (error) {
    throw located(error)
  }
}

/** Names the setting for failures that only the verification of a connection can attribute to one. */
function located(error: unknown): unknown {
  if (!(error instanceof ProviderError)) return error
  const { code, message, httpStatus, providerCode, retryAfterMs, notSent } = error
  // A gateway that reports a missing API is the right one; the region may not offer the historical API.
  const isMissingApi = code === 'unsupported' && providerCode !== undefined
  const isUnreachable = error.field === undefined && code === 'unavailable' && notSent
  const field = isMissingApi ? 'settings.environmentApi' : isUnreachable ? 'settings.baseUrl' : error.field
  if (field === undefined) return error
  return new ProviderError(code, message, {
    ...{ httpStatus, providerCode, retryAfterMs },
    ...{ field, notSent, cause: error },
  })
}

import type { Json } from '../../vocabulary/json.ts'
import { readText } from '../kit/fields.ts'
import type { OpenProvider, Provider } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import type { Session } from '../session.ts'
import { type HubClient, makeClient } from './client.ts'
import { makeEnvironments } from './environments.ts'
import { isNotFound, withDetails } from './errors.ts'
import { hubVersion } from './hub-version.ts'
import { missingScopes } from './scopes.ts'
import { type JupyterhubSettings, jupyterhubCredentials, jupyterhubSettings, settingsOf, tokenOf } from './settings.ts'
import { userPath } from './wire.ts'

/** JupyterHub: named servers as environments. It has no jobs. */
export const jupyterhubProvider: Provider = {
  id: 'jupyterhub',
  title: 'JupyterHub',
  documentation: 'https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html',
  settings: jupyterhubSettings,
  credentials: jupyterhubCredentials,
  sample: {
    settings: {
      baseUrl: 'https://jupyter.example.com',
      username: 'ada',
      optionKeys: {
        image: 'image',
        flavor: 'profile',
        cpus: 'cpu_limit',
        memoryMiB: 'mem_limit',
        accelerators: 'gpus',
        acceleratorModel: 'gpu_model',
        environmentVariables: 'environment',
      },
      clientOptions: ['node_selector'],
    },
    credentials: { token: 'exampleTokenForUnitTestsOnly000000000001' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['baseUrl', 'subdomainHost'],
  endpoints(settings) {
    const { baseUrl, subdomainHost } = settingsOf(settings)
    return { baseUrl, ...(subdomainHost === undefined ? {} : { subdomainHost }) }
  },
  scope(settings) {
    const { baseUrl, username } = settingsOf(settings)
    return { baseUrl, ...(username === undefined ? {} : { username }) }
  },
  open,
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const token = tokenOf(session.credentials)
  const client = makeClient({ http, clock, baseUrl: settings.baseUrl, token })
  return {
    drivers: { environment: makeEnvironments(client, settings, [token]) },
    verify: (signal) => verify(client, settings, signal),
  }
}

/** The first version that shows stopped servers and creates tokens for one server. */
const oldestVersion = 3

/** Checks the hub's version, the token's scopes, and the user if the token may not add users. */
async function verify(client: HubClient, settings: JupyterhubSettings, signal: AbortSignal): Promise<void> {
  await verifyHub(client, signal)
  const owner = await client.whoAmI(signal)
  if (readText(owner, 'name') === undefined) {
    throw new ProviderError('bad_response', 'JupyterHub does not report the owner of the token.', { httpStatus: 200 })
  }
  const { username, createsUsers } = settings
  const forAll = username === undefined ? ['list:users', ...(createsUsers ? ['admin:users'] : [])] : []
  assertScopes(owner, ['read:servers', 'servers', 'delete:servers', ...forAll], username)
  if (username === undefined) return
  await client.read({ method: 'GET', path: userPath(username) }, { signal }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    if (!createsUsers) throw withDetails(error, { message: noSuchUser(username), field: 'settings.username' })
    assertScopes(owner, ['admin:users'], undefined)
  })
}

function assertScopes(owner: Json, scopes: readonly string[], username: string | undefined): void {
  const missing = missingScopes(owner, scopes, username)
  if (missing.length === 0) return
  const detail = `The token is valid but lacks the scopes ${missing.join(', ')}.`
  throw new ProviderError('permission_denied', detail, { field: 'credentials.token' })
}

function noSuchUser(username: string): string {
  return `The hub has no user ${username}, and the connection does not create users (createsUsers).`
}

async function verifyHub(client: HubClient, signal: AbortSignal): Promise<void> {
  const { version, major } = await hubVersion(client, signal)
  if (major >= oldestVersion) return
  const detail = `JupyterHub ${version} is not supported: it does not list stopped servers. Version ${oldestVersion} or newer is required.`
  throw new ProviderError('unsupported', detail, { field: 'settings.baseUrl' })
}

import type { SandboxProvider } from '../provider.ts'
import { makeCallers } from './callers.ts'
import { client } from './client.ts'
import { failureResponse } from './errors.ts'
import { jupyterhubOperations } from './routes.ts'
import { openStore } from './store.ts'
import type { JupyterhubAccount, JupyterhubSettings } from './wire.ts'

/** What the roles `admin:users`, `admin:servers`, `tokens` and `access:servers` expand to. */
const serviceScopes = [
  'access:servers',
  'admin:server_state',
  'admin:servers',
  'admin:users',
  'delete:servers',
  'delete:users',
  'list:users',
  'read:hub',
  'read:roles:users',
  'read:servers',
  'read:tokens',
  'read:users',
  'read:users:activity',
  'read:users:groups',
  'read:users:name',
  'servers',
  'tokens',
  'users',
  'users:activity',
]

/** The role `user`, for one user. */
const userScopes = (name: string) =>
  ['access:servers', 'delete:servers', 'read:servers', 'read:tokens', 'read:users', 'servers', 'tokens'].map(
    (scope) => `${scope}!user=${name}`,
  )

const accounts = [
  {
    token: 'sandbox-jupyterhub-token-of-the-service',
    username: 'ada',
    kind: 'service',
    name: 'switchyard',
    scopes: serviceScopes.join(' '),
  },
  {
    token: 'sandbox-jupyterhub-token-of-one-user',
    username: 'ben',
    kind: 'user',
    name: 'ben',
    scopes: userScopes('ben').join(' '),
  },
] as const satisfies readonly JupyterhubAccount[]

const settings: JupyterhubSettings = {
  listLagMs: 0,
  spawnMs: 300,
  stopMs: 150,
  failSpawns: false,
  allowNamedServers: true,
  namedServerLimit: 0,
  activeServerLimit: 0,
  concurrentSpawnLimit: 0,
  version: '3.0.0',
  tokenInUrl: 'default',
}

/**
 * JupyterHub with named servers, version 3.0 or as set by `version`.
 * https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html
 */
export const jupyterhub: SandboxProvider<JupyterhubSettings, JupyterhubAccount> = {
  id: 'jupyterhub',
  portOffset: 6,
  accounts,
  settings,
  client,
  // It has no jobs.
  endedStates: new Set(),
  open: (context) => {
    const store = openStore(context)
    const callers = makeCallers(accounts, store)
    return {
      operations: jupyterhubOperations(store, callers),
      // The hub has no general authentication: each call requires scopes, and a caller without a token has none.
      authenticate: () => null,
      failure: (failure) => failureResponse(failure, context.settings),
      // A user with a token exists since its first login.
      populate: () => void store.addUser('ben'),
    }
  },
}

import type { Operation } from '../provider.ts'
import type { Callers } from './callers.ts'
import { startServer, stopServer } from './named-servers.ts'
import { defineOperation, type OperationParts, type Perform } from './operation.ts'
import { hubLogin, serverPage, serverStatus } from './servers-behind.ts'
import type { Store } from './store.ts'
import { createToken } from './tokens.ts'
import { createUser, listUsers, readUser, whoAmI } from './users.ts'

const version: Perform = ({ store }) => ({ status: 200, body: { version: store.settings.version } })

const user = '/hub/api/users/:user'
const server = `${user}/servers/:server`

/**
 * The operations of https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html that create and return servers.
 */
const operations: readonly OperationParts[] = [
  { name: 'hub.version', method: 'GET', path: '/hub/api/', isPublic: true, perform: version },
  { name: 'self.get', method: 'GET', path: '/hub/api/user', perform: whoAmI },
  { name: 'users.list', method: 'GET', path: '/hub/api/users', isList: true, perform: listUsers },
  { name: 'users.get', method: 'GET', path: user, perform: readUser },
  { name: 'users.create', method: 'POST', path: user, perform: createUser },
  { name: 'servers.start', method: 'POST', path: server, perform: startServer },
  { name: 'servers.stop', method: 'DELETE', path: server, perform: stopServer },
  { name: 'tokens.create', method: 'POST', path: `${user}/tokens`, perform: createToken },
  { name: 'server.status', method: 'GET', path: '/user/:user/:server/api/status', perform: serverStatus },
  { name: 'server.page', method: 'GET', path: '/user/:user/:server/', perform: serverPage },
  { name: 'hub.login', method: 'GET', path: '/hub/login', isPublic: true, perform: hubLogin },
]

export function jupyterhubOperations(store: Store, callers: Callers): Operation[] {
  return operations.map((operation) => defineOperation(operation, { store, callers }))
}

import type { Operation } from '../provider.ts'
import type { Callers } from './callers.ts'
import { startServer, stopServer } from './named-servers.ts'
import { defineOperation, type Execute, type OperationParts } from './operation.ts'
import { hubLogin, serverPage, serverStatus } from './servers-behind.ts'
import type { Store } from './store.ts'
import { createToken } from './tokens.ts'
import { createUser, listUsers, readUser, whoAmI } from './users.ts'

const version: Execute = ({ store }) => ({ status: 200, body: { version: store.settings.version } })

const user = '/hub/api/users/:user'
const server = `${user}/servers/:server`

/**
 * The operations of https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html that create and return servers.
 */
const operations: readonly OperationParts[] = [
  { name: 'hub.version', method: 'GET', path: '/hub/api/', isPublic: true, execute: version },
  { name: 'self.get', method: 'GET', path: '/hub/api/user', execute: whoAmI },
  { name: 'users.list', method: 'GET', path: '/hub/api/users', isList: true, execute: listUsers },
  { name: 'users.get', method: 'GET', path: user, execute: readUser },
  { name: 'users.create', method: 'POST', path: user, execute: createUser },
  { name: 'servers.start', method: 'POST', path: server, execute: startServer },
  { name: 'servers.stop', method: 'DELETE', path: server, execute: stopServer },
  { name: 'tokens.create', method: 'POST', path: `${user}/tokens`, execute: createToken },
  { name: 'server.status', method: 'GET', path: '/user/:user/:server/api/status', execute: serverStatus },
  { name: 'server.page', method: 'GET', path: '/user/:user/:server/', execute: serverPage },
  { name: 'hub.login', method: 'GET', path: '/hub/login', isPublic: true, execute: hubLogin },
]

export function jupyterhubOperations(store: Store, callers: Callers): Operation[] {
  return operations.map((operation) => defineOperation(operation, { store, callers }))
}

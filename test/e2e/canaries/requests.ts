import { makeStories } from '../../../src/roles/demo-stories.ts'
import { sandboxConnections } from '../../../src/roles/sandbox-connections.ts'
import type { Sandbox } from '../../../src/sandbox/server.ts'

type Connection = ReturnType<typeof sandboxConnections>[number]

/** A connection to each sandbox provider, with everything switched on that can carry a variable. */
export function connectionsOf(sandbox: Sandbox): Connection[] {
  return sandboxConnections(sandbox).map((connection) => {
    const { jupyterhub } = connection.settings as { jupyterhub?: { optionKeys?: object } }
    if (jupyterhub === undefined) return connection
    const optionKeys = { ...jupyterhub.optionKeys, environmentVariables: 'environment' }
    return { ...connection, settings: { jupyterhub: { ...jupyterhub, optionKeys } } }
  })
}

/** Requests to every provider, in both kinds where it has both. Jobs that need an environment come without one. */
export function requestsOf(sandbox: Sandbox): { kind: 'jobs' | 'environments'; provider: string; body: object }[] {
  return makeStories(sandbox).flatMap(({ provider, environment, job }) => [
    ...(environment === undefined ? [] : [{ kind: 'environments' as const, provider, body: environment }]),
    ...(job === undefined ? [] : [{ kind: 'jobs' as const, provider, body: job }]),
  ])
}

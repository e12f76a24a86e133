import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import type { KindHarness, ProviderHarness } from '../harness.ts'

const optionKeys = {
  image: 'image',
  flavor: 'profile',
  cpus: 'cpu_limit',
  memoryMiB: 'mem_limit',
  accelerators: 'gpus',
  acceleratorModel: 'gpu_model',
  environmentVariables: 'environment',
}

const everything = {
  description: 'all supported fields',
  image: 'quay.io/jupyter/pytorch-notebook:2026-01-05',
  resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 'T4', count: 2 } },
  environmentVariables: { EPOCHS: '10' },
  interfaces: ['jupyter'],
  autoStop: { afterSeconds: 3600, basis: 'running' },
} satisfies Omit<EnvironmentSpec, 'name'>

const environment = {
  spec: (name) => ({ name }),
  fullSpec: (name) => ({
    ...everything,
    name,
    providerOptions: { jupyterhub: { userOptions: { node_selector: { zone: 'a' } } } },
  }),
  alternatives: [(name) => ({ name, resources: { flavor: 'large' } })],
  object: 'server',
  // The pending operation; without one, whether the server is ready or stopped.
  states: { spawn: 'provisioning', check: 'running', ready: 'running', stop: 'stopping', stopped: 'stopped' },
  operations: { create: 'servers.start', lists: ['users.get'] },
  missingId: (existing) => `${existing.split('/')[0]}/does-not-exist`,
  multiPageCount: "a user's servers are part of the user model",
  batchedFind: true,
  unknownState: true,
} satisfies KindHarness<'environment'>

const common = {
  provider: jupyterhubProvider,
  sandbox: 'jupyterhub',
  credentials: ({ token = '' }) => ({ token }),
  // No requests are sent there: it determines which URLs are returned with a token.
  unreachedEndpoints: ['subdomainHost'],
  publicCredentials: [],
  wrongFields: [{ path: 'credentials.token', value: 'an-unknown-token-00000', reportedField: 'credentials.token' }],
  tokens: 'the token is part of the credentials',
  clockField: 'requests have no timestamp',
  retryAfter: { ms: 30_000 },
  strictControls: [{ stopMs: 0 }, { spawnMs: 0 }],
  strictRequests: {},
} satisfies Partial<ProviderHarness>

/** JupyterHub with one user who owns every server. */
export const jupyterhubOneUser: ProviderHarness = {
  ...common,
  variant: 'jupyterhub, servers of one user',
  variantSettings: { optionKeys, clientOptions: ['node_selector'] },
  settings: (baseUrl, { username = '' }) => ({ baseUrl, username }),
  kinds: { environment },
}

/** The same with the version whose responses and rules differ most from the first one. */
export const jupyterhubSix: ProviderHarness = {
  ...jupyterhubOneUser,
  variant: 'jupyterhub 6, servers of one user',
  sandboxSettings: { version: '6.1.1' },
  // It accepts a stop during the start, which older versions reject with a message.
  kinds: { environment: { ...environment, actionResponseBodies: 'responses to executed actions have no body' } },
}

const ofAda = { providerOptions: { jupyterhub: { username: 'ada' } } }

/** JupyterHub with a user in each request. */
export const jupyterhubAnyUser: ProviderHarness = {
  ...common,
  variant: 'jupyterhub, servers of the user in the request',
  variantSettings: { optionKeys },
  settings: (baseUrl) => ({ baseUrl }),
  kinds: {
    environment: {
      ...environment,
      spec: (name) => ({ ...ofAda, name }),
      fullSpec: (name) => ({ ...everything, ...ofAda, name }),
      alternatives: [(name) => ({ ...ofAda, name, resources: { flavor: 'large' } })],
      operations: { ...environment.operations, listing: 'users.list' },
    },
  },
}

export const harnesses = [jupyterhubOneUser, jupyterhubAnyUser, jupyterhubSix]

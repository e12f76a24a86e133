import type { OpenProvider, Provider } from '../provider.ts'
import type { Session } from '../session.ts'
import { makeClient } from './client.ts'
import { makeEnvironments } from './environments.ts'
import { makeJobs } from './jobs.ts'
import { unpackKubeconfig } from './kubeconfig.ts'
import { kubernetesCredentials, kubernetesSettings, settingsOf, tokenOf } from './settings.ts'
import { verify } from './verify.ts'

/** Kubernetes: Jobs, and StatefulSets of one pod as environments, in one namespace. */
export const kubernetesProvider: Provider = {
  id: 'kubernetes',
  title: 'Kubernetes',
  documentation: 'https://kubernetes.io/docs/reference/kubernetes-api/',
  settings: kubernetesSettings,
  credentials: kubernetesCredentials,
  sample: {
    settings: { baseUrl: 'https://kubernetes.example.com:6443', namespace: 'training', kueue: true },
    credentials: { token: 'exampleTokenForUnitTestsOnly000000000001' },
  },
  baseUrl: (settings) => settingsOf(settings).baseUrl,
  endpointSettings: ['baseUrl'],
  endpoints: (settings) => ({ baseUrl: settingsOf(settings).baseUrl }),
  scope(settings) {
    const { baseUrl, namespace } = settingsOf(settings)
    return { baseUrl, namespace }
  },
  unpack(credentials, settings) {
    const { kubeconfig } = credentials
    if (typeof kubeconfig !== 'string') return { credentials }
    return unpackKubeconfig(kubeconfig, settingsOf(settings).baseUrl)
  },
  /** Every id contains the object's UID, a UUID. */
  uniqueIds: () => ['job', 'environment'],
  open,
}

function open({ http, clock, ...session }: Session): OpenProvider {
  const settings = settingsOf(session.settings)
  const token = tokenOf(session.credentials)
  const { baseUrl, namespace } = settings
  const client = makeClient({ http, clock, baseUrl, namespace, token })
  const literals = token === undefined ? [] : [token]
  return {
    drivers: {
      job: makeJobs(client, settings, literals),
      environment: makeEnvironments(client, settings, literals),
    },
    verify: (signal) => verify({ client, settings }, signal),
  }
}

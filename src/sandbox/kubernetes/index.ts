import type { Failure, SandboxProvider } from '../provider.ts'
import { client } from './client.ts'
import { endedStates } from './lifecycle.ts'
import { kubernetesOperations } from './routes.ts'
import { badRequest, forbidden, Rejected, statusResponse, unauthorized } from './status.ts'
import { types } from './store.ts'
import type { KubernetesAccount, KubernetesSettings } from './wire.ts'

const accounts = [
  { token: 'sandbox-kubernetes-token-of-the-service-account', namespace: 'training' },
  { token: 'sandbox-kubernetes-token-of-another-account', namespace: 'other' },
] as const satisfies readonly KubernetesAccount[]

const settings: KubernetesSettings = {
  listLagMs: 0,
  pendingMs: 200,
  runningMs: 400,
  terminatingMs: 0,
  queueMs: 200,
  deniedRights: '',
  kueue: true,
}

/** The API server of a cluster of two nodes. https://kubernetes.io/docs/reference/kubernetes-api/ */
export const kubernetes: SandboxProvider<KubernetesSettings, KubernetesAccount> = {
  id: 'kubernetes',
  portOffset: 8,
  accounts,
  settings,
  client,
  endedStates,
  dependentKinds: new Set([types.services.object, types.ingresses.object]),
  open: (context) => ({
    operations: kubernetesOperations(context),
    authenticate: ({ headers }) =>
      accounts.some(({ token }) => headers.authorization === `Bearer ${token}`) ? null : statusResponse(unauthorized),
    failure,
  }),
}

function failure(failed: Failure) {
  switch (failed.what) {
    case 'unknown_route':
      return { status: 404, body: '404 page not found\n' }
    case 'too_large':
      return statusResponse(new Rejected(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728'))
    // Flow control returns no Status.
    case 'rate_limited':
      return { status: 429, body: 'Too many requests, please try again later.\n', headers: { 'retry-after': '1' } }
    case 'refused_in_200':
      return { ...statusResponse(new Rejected(500, 'InternalError', 'an error')), status: 200 }
    case 'bad_request':
      return statusResponse(badRequest(failed.detail))
    case 'credentials':
      return statusResponse(
        failed.reason === 'forbidden' ? forbidden('get', { plural: 'jobs', group: 'batch', name: '' }) : unauthorized,
      )
    case 'server_error':
      return statusResponse(serverError(failed.status))
  }
}

function serverError(status: number): Rejected {
  if (status === 504)
    return new Rejected(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout')
  if (status === 503)
    return new Rejected(503, 'ServiceUnavailable', 'the server is currently unable to handle the request')
  return new Rejected(status, 'InternalError', 'Internal error occurred: etcdserver: request timed out')
}

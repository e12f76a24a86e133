import { readObject } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import { dryRunOf, type KubeClient, type Place, type Resource, strictly } from './client.ts'
import { jobOf } from './job-mapping.ts'
import { kueueApi } from './kueue.ts'
import { ingresses, jobs, pods, services, statefulSets } from './objects.ts'
import type { KubernetesSettings } from './settings.ts'

interface Checked {
  client: KubeClient
  settings: KubernetesSettings
}

/** Checks the namespace and the settings by a dry run of a create, then the rights of the account. Stores nothing. */
export async function verify(checked: Checked, signal: AbortSignal): Promise<void> {
  assertQueueIsUsed(checked.settings)
  await tryCreate(checked, signal)
  await assertAllowed(checked, signal)
  await assertServiceAccount(checked, signal)
  if (checked.settings.kueue) await assertKueue(checked, signal)
}

function assertQueueIsUsed({ kueue, defaultQueue }: KubernetesSettings): void {
  if (kueue || defaultQueue === undefined) return
  const detail = '`defaultQueue` is not used without `kueue`. Set `kueue` to true, or remove `defaultQueue`.'
  throw new ProviderError('invalid_request', detail, { field: 'settings.defaultQueue', notSent: true })
}

/** Settings by a part of the field that the server names. */
const settingOf: readonly (readonly [string, string])[] = [
  ['nodeSelector', 'settings.nodeSelector'],
  ['tolerations', 'settings.tolerations'],
  ['serviceAccountName', 'settings.serviceAccount'],
  ['imagePullSecrets', 'settings.imagePullSecret'],
  ['image', 'settings.defaultImage'],
  ['metadata.labels', 'settings.defaultQueue'],
  ['ttlSecondsAfterFinished', 'settings.retentionSeconds'],
]

async function tryCreate({ client, settings }: Checked, signal: AbortSignal): Promise<void> {
  const image = settings.defaultImage ?? 'registry.example.com/verify'
  const queue = settings.kueue ? settings.defaultQueue : undefined
  const spec = { name: 'verify', image, ...(queue === undefined ? {} : { queue }) }
  const body = jobOf({ spec, correlationTag: 'verify000000' }, settings)
  const create = { method: 'POST', path: client.path(jobs), query: strictly, body } as const
  await client.call(dryRunOf(create), { signal }).catch((error: unknown) => {
    if (!(error instanceof ProviderError) || error.httpStatus === undefined) throw error
    // A policy about images or pods may reject this Job and accept others.
    if (/admission webhook/.test(error.message) || error.code === 'quota_exceeded') return
    throw named(error, fieldOf(error, settings) ?? (error.code === 'permission_denied' ? client.credential : undefined))
  })
}

function fieldOf(error: ProviderError, { namespace }: KubernetesSettings): string | undefined {
  if (error.code === 'not_found' && error.message.includes(`namespaces "${namespace}" not found`))
    return 'settings.namespace'
  if (error.httpStatus === 404) return 'settings.baseUrl'
  const { parameter } = error
  return settingOf.find(([part]) => parameter?.includes(part))?.[1]
}

function named(error: ProviderError, field: string | undefined): ProviderError {
  const { httpStatus, providerCode, retryAfterMs, parameter } = error
  const details = { httpStatus, providerCode, retryAfterMs, parameter, field: field ?? error.field, cause: error }
  return new ProviderError(error.code, error.message, details)
}

const verbs = ['create', 'get', 'list', 'patch', 'delete']

function rightsFor({ ingressDomain }: KubernetesSettings): readonly (readonly [Resource, readonly string[]])[] {
  return [
    [jobs, verbs],
    [statefulSets, verbs],
    [pods, ['list']],
    [{ ...pods, plural: 'pods/log' }, ['get']],
    [services, ['create', 'get', 'list']],
    ...(ingressDomain === undefined ? [] : ([[ingresses, ['create', 'list']]] as const)),
  ]
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/ */
async function assertAllowed({ client, settings }: Checked, signal: AbortSignal): Promise<void> {
  const rights = rightsFor(settings).flatMap(([resource, each]) => each.map((verb) => ({ resource, verb })))
  const isAllowed = await Promise.all(
    rights.map(async ({ resource: { api, plural }, verb }) => {
      const [resource = '', subresource = ''] = plural.split('/')
      const group = api.startsWith('apis/') ? (api.split('/')[1] ?? '') : ''
      const attributes = { namespace: settings.namespace, verb, group, resource, subresource }
      const path = 'apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: attributes },
      }
      const review = await client.call({ method: 'POST', path, body }, { signal })
      return readObject(review, 'status').allowed === true
    }),
  )
  const missing = rights
    .filter((_, index) => !isAllowed[index])
    .map(({ resource, verb }) => `${verb} ${resource.plural}`)
  if (missing.length === 0) return
  const detail = `The account may not ${missing.join(', ')} in the namespace ${settings.namespace}. Grant it these rights by a Role and a RoleBinding.`
  throw new ProviderError('permission_denied', detail, { field: client.credential })
}

/** Pods of a missing service account are never created, and the Job waits. */
async function assertServiceAccount({ client, settings }: Checked, signal: AbortSignal): Promise<void> {
  const { serviceAccount: name, namespace } = settings
  const resource = { api: 'api/v1', plural: 'serviceaccounts' }
  if (name === undefined || (await mayExist(client, { resource, name }, signal))) return
  const detail = `The namespace ${namespace} has no service account ${name}.`
  throw new ProviderError('not_found', detail, { field: 'settings.serviceAccount' })
}

async function assertKueue({ client, settings }: Checked, signal: AbortSignal): Promise<void> {
  const { defaultQueue: name, namespace } = settings
  const api = await kueueApi(client, signal)
  if (api === null) {
    const detail = 'The cluster does not serve the API of Kueue. Install Kueue, or set `kueue` to false.'
    throw new ProviderError('unsupported', detail, { field: 'settings.kueue' })
  }
  if (name === undefined || (await mayExist(client, { resource: { api, plural: 'localqueues' }, name }, signal))) return
  const detail = `The namespace ${namespace} has no LocalQueue ${name}.`
  throw new ProviderError('not_found', detail, { field: 'settings.defaultQueue' })
}

/** Whether an object exists, or the account may not read it. */
async function mayExist(client: KubeClient, at: Place, signal: AbortSignal): Promise<boolean> {
  try {
    return (await client.callOne({ method: 'GET' }, at, { signal })) !== null
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'permission_denied') return true
    throw error
  }
}

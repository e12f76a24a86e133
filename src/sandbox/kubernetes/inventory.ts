import { isRecord } from '../fields.ts'
import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { badRequest, notFound, Rejected } from './status.ts'
import { cluster } from './wire.ts'
import type { Context } from './workloads.ts'

type Route = Pick<Operation, 'name' | 'method' | 'path' | 'isList'> & { handle(call: Call): ProviderResponse }

const listOf = (kind: string, apiVersion: string, items: readonly object[]): ProviderResponse => ({
  status: 200,
  body: { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: '1' }, items },
})
const named = (names: readonly string[], more: object = {}) => names.map((name) => ({ metadata: { name }, ...more }))
const namespaced = '/api/v1/namespaces/:namespace'
const kueue = '/apis/kueue.x-k8s.io'

/** The resources of the cluster and the rights of the caller. */
export function inventoryRoutes({ settings }: Context): Route[] {
  const needKueue = () => {
    if (!settings.kueue) throw new Rejected(404, 'NotFound', 'the server could not find the requested resource')
  }
  return [
    {
      name: 'nodes.list',
      method: 'GET',
      path: '/api/v1/nodes',
      handle: () => listOf('Node', 'v1', cluster.nodes.map(nodeView)),
    },
    {
      name: 'namespaces.list',
      method: 'GET',
      path: '/api/v1/namespaces',
      handle: () => listOf('Namespace', 'v1', named(cluster.namespaces)),
    },
    {
      name: 'persistentvolumeclaims.list',
      method: 'GET',
      path: `${namespaced}/persistentvolumeclaims`,
      handle: () =>
        listOf(
          'PersistentVolumeClaim',
          'v1',
          named(cluster.claims, {
            spec: { accessModes: ['ReadWriteMany'], storageClassName: 'standard' },
            status: { phase: 'Bound', capacity: { storage: '100Gi' } },
          }),
        ),
    },
    {
      name: 'storageclasses.list',
      method: 'GET',
      path: '/apis/storage.k8s.io/v1/storageclasses',
      handle: () => listOf('StorageClass', 'storage.k8s.io/v1', named(cluster.storageClasses)),
    },
    {
      name: 'serviceaccounts.get',
      method: 'GET',
      path: `${namespaced}/serviceaccounts/:name`,
      handle: ({ params }) => existing(cluster.serviceAccounts, params.name, ['serviceaccounts', '', 'ServiceAccount']),
    },
    {
      name: 'kueue.group',
      method: 'GET',
      path: kueue,
      handle() {
        needKueue()
        const preferredVersion = { groupVersion: 'kueue.x-k8s.io/v1beta1', version: 'v1beta1' }
        return { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', name: 'kueue.x-k8s.io', preferredVersion } }
      },
    },
    {
      name: 'localqueues.list',
      method: 'GET',
      path: `${kueue}/v1beta1/namespaces/:namespace/localqueues`,
      handle() {
        needKueue()
        const items = named(cluster.queues, { spec: { clusterQueue: 'cluster' }, status: { pendingWorkloads: 0 } })
        return listOf('LocalQueue', 'kueue.x-k8s.io/v1beta1', items)
      },
    },
    {
      name: 'localqueues.get',
      method: 'GET',
      path: `${kueue}/v1beta1/namespaces/:namespace/localqueues/:name`,
      handle: ({ params }) => existing(cluster.queues, params.name, ['localqueues', 'kueue.x-k8s.io', 'LocalQueue']),
    },
    {
      name: 'access.review',
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      handle: ({ json }) => reviewOf(json, settings.deniedRights),
    },
  ]
}

function existing(
  names: readonly string[],
  name = '',
  [plural, group, kind]: readonly [string, string, string],
): ProviderResponse {
  if (!names.includes(name)) throw notFound({ plural, group, kind, name })
  return { status: 200, body: { apiVersion: 'v1', kind, metadata: { name, uid: `uid-of-${name}` } } }
}

function reviewOf(json: unknown, deniedRights: string): ProviderResponse {
  const spec = isRecord(json) && isRecord(json.spec) ? json.spec : {}
  const attributes = spec.resourceAttributes
  if (!isRecord(attributes)) throw badRequest('resourceAttributes is required')
  const { verb, resource, subresource } = attributes
  const right = `${verb} ${resource}${subresource === '' || subresource === undefined ? '' : `/${subresource}`}`
  const status = { allowed: !deniedRights.split(',').includes(right) }
  return { status: 201, body: { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec, status } }
}

function nodeView({ name, flavor, cpus, memoryGi, gpus }: (typeof cluster.nodes)[number]): object {
  const model = gpus === 0 ? {} : { 'nvidia.com/gpu.product': 'NVIDIA-T4' }
  const resources = { cpu: `${cpus}`, memory: `${memoryGi}Gi`, ...(gpus === 0 ? {} : { 'nvidia.com/gpu': `${gpus}` }) }
  return {
    metadata: { name, labels: { 'node.kubernetes.io/instance-type': flavor, ...model } },
    spec: {},
    status: {
      allocatable: resources,
      capacity: resources,
      conditions: [{ type: 'Ready', status: 'True' }],
      images: cluster.images.map((image) => ({
        names: [`${image}@sha256:${'0'.repeat(64)}`, image],
        sizeBytes: 4_194_304,
      })),
    },
  }
}

import type { Fields as FieldRules } from '../fields.ts'
import { isRecord } from '../fields.ts'
import type { Call, EmulationContext, ProviderResponse } from '../provider.ts'
import type { Random } from '../random.ts'
import type { Timeline } from '../timeline.ts'
import { deleting } from './lifecycle.ts'
import { matches, merged, type ObjectRequest, pageOf, readObject } from './requests.ts'
import { alreadyExists, badRequest, forbidden, invalid, notFound, otherUid } from './status.ts'
import type { ObjectStore } from './store.ts'
import type { Stored } from './views.ts'
import { cluster, type Fields, type KubernetesSettings } from './wire.ts'

export type Context = EmulationContext<KubernetesSettings>

/** The behaviour of one type of objects. */
export interface Behaviour {
  store: ObjectStore
  schema: FieldRules
  begin(request: ObjectRequest, now: number): Timeline
  /** The lifecycle after a change; throws for fields that cannot be changed. */
  change?(object: Stored, next: ObjectRequest, now: number): Timeline
  view(object: Stored, namespace: string, now: number): object
}

/** The operations of one type. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export function makeOperations(context: Context, behaviour: Behaviour) {
  return { ...makeCreateAndReads(context, behaviour), ...makeChanges(context, behaviour) }
}

const nameIn = (call: Call) => call.params.name ?? ''
const namespaceIn = (call: Call) => call.params.namespace ?? ''

/** Helpers that the operations of a type share. */
function helpersOf({ world, settings }: Context, { store, view }: Behaviour) {
  const { type } = store
  return {
    respond: (status: number, object: Stored, call: Call): ProviderResponse => ({
      status,
      body: view(object, namespaceIn(call), world.now()),
    }),
    requireRight(verb: string, name = '') {
      if (settings.deniedRights.split(',').includes(`${verb} ${type.plural}`)) throw forbidden(verb, { ...type, name })
    },
  }
}

function makeCreateAndReads(context: Context, behaviour: Behaviour) {
  const { world } = context
  const { store, schema, begin, view } = behaviour
  const { type } = store
  const { respond, requireRight } = helpersOf(context, behaviour)

  return {
    create(call: Call): ProviderResponse {
      requireRight('create')
      const request = readObject(call, type, schema)
      const namespace = namespaceIn(call)
      assertNamespace(namespace)
      const { name } = request.metadata
      if (store.byName(namespace, name) !== undefined) throw alreadyExists({ ...type, name })
      const object = {
        ...{ id: world.freshId('kubernetes', uuid), name, owner: namespace, creation: call.json },
        data: { metadata: request.metadata, spec: request.spec, generation: 1 },
        timeline: begin(request, world.now()),
      }
      if (call.query.get('dryRun') !== 'All') return respond(201, store.collection.add(object), call)
      const unstored = { provider: 'kubernetes', kind: type.object, createdAt: world.now(), deletedAt: null }
      return respond(201, { ...unstored, ...object }, call)
    },

    get(call: Call): ProviderResponse {
      requireRight('get', nameIn(call))
      return respond(200, store.existing(namespaceIn(call), nameIn(call)), call)
    },

    list(call: Call): ProviderResponse {
      requireRight('list')
      const namespace = namespaceIn(call)
      const shown = new Set(store.collection.listed(call.listing).map(({ id }) => id))
      const all = store
        .all(namespace)
        .filter(({ id, data }) => shown.has(id) && matches(call.query.get('labelSelector'), data.metadata.labels ?? {}))
      const { page, metadata } = pageOf(all, call.query)
      const items = page.map((object) => view(object, namespace, world.now()))
      return { status: 200, body: { kind: `${type.kind}List`, apiVersion: apiVersionOf(type.group), metadata, items } }
    },
  }
}

function makeChanges(context: Context, behaviour: Behaviour) {
  const { world, settings } = context
  const { store, change } = behaviour
  const { type } = store
  const { respond, requireRight } = helpersOf(context, behaviour)

  return {
    patch(call: Call): ProviderResponse {
      requireRight('patch', nameIn(call))
      if (!String(call.headers['content-type']).startsWith('application/merge-patch+json')) {
        throw badRequest('the body of the request was in an unknown format')
      }
      const object = store.existing(namespaceIn(call), nameIn(call))
      assertUid(object, store, isRecord(call.json) && isRecord(call.json.metadata) ? call.json.metadata.uid : undefined)
      const { metadata, spec, generation } = object.data
      const { metadata: next, spec: nextSpec } = merged({ metadata, spec }, call.json) as Fields & ObjectRequest
      const { uid: _, ...kept } = next
      const request = { metadata: { ...kept, name: object.name }, spec: nextSpec }
      const isNew = JSON.stringify(nextSpec) !== JSON.stringify(spec)
      const timeline = change?.(object, request, world.now()) ?? object.timeline
      const data = { ...request, generation: generation + (isNew ? 1 : 0) }
      return respond(200, store.collection.change(object.id, { data, timeline }), call)
    },

    /** Without a propagation policy the pods of a workload would remain, so the sandbox requires one. */
    delete(call: Call): ProviderResponse {
      requireRight('delete', nameIn(call))
      const object = store.existing(namespaceIn(call), nameIn(call))
      const options = isRecord(call.json) ? call.json : {}
      assertUid(object, store, isRecord(options.preconditions) ? options.preconditions.uid : undefined)
      const policy = options.propagationPolicy ?? call.query.get('propagationPolicy')
      if (policy !== 'Background' && policy !== 'Foreground') {
        throw invalid({ ...type, name: object.name }, 'propagationPolicy', 'the sandbox requires one')
      }
      const { terminatingMs } = settings
      if (policy === 'Foreground' && terminatingMs > 0) {
        const timeline = deleting(object.timeline, world.now(), settings)
        return respond(200, store.collection.change(object.id, { timeline }), call)
      }
      store.collection.remove(object.id)
      const details = { name: object.name, group: type.group, kind: type.plural, uid: object.id }
      return { status: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } }
    },
  }
}

function assertUid(object: Stored, { type }: ObjectStore, uid: unknown): void {
  if (uid !== undefined && uid !== object.id) throw otherUid({ ...type, name: object.name }, String(uid), object.id)
}

export function assertNamespace(name: string): void {
  if (cluster.namespaces.some((each) => each === name)) return
  throw notFound({ plural: 'namespaces', group: '', kind: 'Namespace', name })
}

export const apiVersionOf = (group: string) => (group === '' ? 'v1' : `${group}/v1`)

/** A random UUID (version 4). */
function uuid(random: Random): string {
  const hex = random.text('0123456789abcdef', 30)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18)}`
}

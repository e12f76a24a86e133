import { echoedLines } from '../echoed-lines.ts'
import type { Call, ProviderResponse } from '../provider.ts'
import { enteredAt, momentAt } from '../timeline.ts'
import { firstContainer, podSpecIn, programOf } from './lifecycle.ts'
import { matches, pageOf } from './requests.ts'
import { badRequest, forbidden, notFound } from './status.ts'
import type { ObjectStore } from './store.ts'
import { podViews, type Stored } from './views.ts'
import type { Context } from './workloads.ts'

interface PodView {
  metadata: { name: string; labels: Readonly<Record<string, string>> }
}

const podType = { plural: 'pods', group: '', kind: 'Pod' }

/** Pods are derived from the objects that own them. */
export function makePods({ world, settings }: Context, owners: readonly ObjectStore[]) {
  const all = (namespace: string) =>
    owners
      .flatMap((store) => store.all(namespace))
      .flatMap((owner) => podViews(owner, namespace, world.now()).map((view) => ({ owner, view: view as PodView })))
  const requireRight = (verb: string, plural: string) => {
    if (settings.deniedRights.split(',').includes(`${verb} ${plural}`))
      throw forbidden(verb, { plural, group: '', name: '' })
  }

  return {
    list(call: Call): ProviderResponse {
      requireRight('list', 'pods')
      const named = all(call.params.namespace ?? '')
        .filter(({ view }) => matches(call.query.get('labelSelector'), view.metadata.labels))
        .map(({ view }) => ({ name: view.metadata.name, view }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const { page, metadata } = pageOf(named, call.query)
      return {
        status: 200,
        body: { kind: 'PodList', apiVersion: 'v1', metadata, items: page.map(({ view }) => view) },
      }
    },

    log(call: Call): ProviderResponse {
      requireRight('get', 'pods/log')
      const { namespace = '', name = '' } = call.params
      const pod = all(namespace).find(({ view }) => view.metadata.name === name)
      if (pod === undefined) throw notFound({ ...podType, name })
      const { name: container = '' } = firstContainer(podSpecIn(pod.owner.data.spec))
      const requested = call.query.get('container') ?? container
      if (requested !== container) throw badRequest(`container ${requested} is not valid for pod ${name}`)
      const startedAt = startOf(pod.owner, world.now())
      if (startedAt === null)
        throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ContainerCreating`)
      return { status: 200, body: logOf(pod.owner, startedAt, call.query) }
    },
  }
}

function startOf({ timeline }: Stored, now: number): number | null {
  if (momentAt(timeline, now).state === 'Pending') return null
  return enteredAt(timeline, 'Running', now)
}

/** `echo` lines of the program, and the variables after `env`, one every millisecond. */
function logOf({ data }: Stored, startedAt: number, query: URLSearchParams): string {
  const pod = podSpecIn(data.spec)
  const program = programOf(pod)
  const { env = [] } = firstContainer(pod)
  const given = (Array.isArray(env) ? env : []).map(({ name, value }): [string, string] => [name, String(value)])
  const variables = given.flatMap(([name, value]) => `${name}=${value}`.split('\n'))
  const echoed = echoedLines(program, Object.fromEntries(given))
  const lines = [...echoed, ...(/\benv\b/.test(program) ? variables : [])]
  const stamped = (lines.length === 0 ? ['started'] : lines).map((line, index) => {
    const at = new Date(startedAt + index).toISOString().replace('Z', '000000Z')
    return { at, text: query.get('timestamps') === 'true' ? `${at} ${line}\n` : `${line}\n` }
  })
  const since = query.get('sinceTime') ?? ''
  const text = stamped.flatMap(({ at, text: line }) => (at >= since.slice(0, 19) ? [line] : [])).join('')
  return text.slice(0, Number(query.get('limitBytes') ?? text.length))
}

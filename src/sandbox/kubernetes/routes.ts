import { isRecord } from '../fields.ts'
import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { makeBehaviours } from './behaviours.ts'
import { inventoryRoutes } from './inventory.ts'
import { makePods } from './pods.ts'
import { Rejected, statusResponse } from './status.ts'
import { type Context, makeOperations } from './workloads.ts'

type Route = Pick<Operation, 'name' | 'method' | 'path' | 'isList'> & { handle(call: Call): ProviderResponse }

/** Every emulated operation of the API server. */
export function kubernetesOperations(context: Context): Operation[] {
  const { jobs, statefulsets, services, ingresses } = makeBehaviours(context)
  const pods = makePods(context, [jobs.store, statefulsets.store])
  const podPath = '/api/v1/namespaces/:namespace/pods'
  const routes: Route[] = [
    ...typeRoutes('jobs', '/apis/batch/v1', makeOperations(context, jobs)),
    ...typeRoutes('statefulsets', '/apis/apps/v1', makeOperations(context, statefulsets)),
    ...typeRoutes('services', '/api/v1', makeOperations(context, services)),
    ...typeRoutes('ingresses', '/apis/networking.k8s.io/v1', makeOperations(context, ingresses)),
    { name: 'pods.list', method: 'GET', path: podPath, isList: true, handle: pods.list },
    { name: 'pods.log', method: 'GET', path: `${podPath}/:name/log`, handle: pods.log },
    ...inventoryRoutes(context),
  ]
  return routes.map((route) => ({ ...route, subjects: subjectsOf, handle: (call) => responseTo(route, call) }))
}

function typeRoutes(plural: string, api: string, operations: ReturnType<typeof makeOperations>): Route[] {
  const path = `${api}/namespaces/:namespace/${plural}`
  return [
    { name: `${plural}.create`, method: 'POST', path, handle: operations.create },
    { name: `${plural}.list`, method: 'GET', path, isList: true, handle: operations.list },
    { name: `${plural}.get`, method: 'GET', path: `${path}/:name`, handle: operations.get },
    { name: `${plural}.patch`, method: 'PATCH', path: `${path}/:name`, handle: operations.patch },
    { name: `${plural}.delete`, method: 'DELETE', path: `${path}/:name`, handle: operations.delete },
  ]
}

function subjectsOf({ params, json }: Call): readonly unknown[] {
  return [params.name, isRecord(json) && isRecord(json.metadata) ? json.metadata.name : undefined]
}

function responseTo(route: Route, call: Call): ProviderResponse {
  try {
    return route.handle(call)
  } catch (error) {
    if (error instanceof Rejected) return statusResponse(error)
    throw error
  }
}

import type { Operation } from '../provider.ts'
import { datasetOperations } from './datasets.ts'
import { catchUp, intervalOperations } from './interval.ts'
import { defineOperation, type Execute, type Route } from './operation.ts'
import { bodies } from './rules.ts'
import { schemaOperations } from './schemas.ts'
import { serviceOperations } from './services.ts'
import { type Store, sweep } from './store.ts'
import { trainingOperations } from './training.ts'
import type { AitemsAccount } from './wire.ts'

const service = '/services/:serviceId'
const dataset = '/datasets/:datasetId'

// https://api.ncloud-docs.com/docs/aitems-overview, and a page for each
const routes = {
  'services.create': { method: 'POST', path: '/services', body: bodies.createService, creates: true },
  'services.list': { method: 'GET', path: '/services', isList: true },
  'services.read': { method: 'GET', path: service },
  'services.update': { method: 'PUT', path: service, body: bodies.updateService },
  'services.setDatasets': { method: 'POST', path: `${service}/datasets`, body: bodies.setDatasets },
  'services.train': { method: 'POST', path: service, body: bodies.train },
  'services.setInterval': { method: 'PUT', path: `${service}/interval`, body: bodies.setInterval },
  'services.upload': { method: 'POST', path: `${service}${dataset}`, body: bodies.upload },
  'services.delete': { method: 'DELETE', path: service },
  'trains.list': { method: 'GET', path: `${service}/trains`, isList: true },
  'trains.read': { method: 'GET', path: `${service}/trains/:trainType/versions/:version` },
  'infers.lookup': { method: 'GET', path: `${service}/infers/lookup` },
  'datasets.create': { method: 'POST', path: '/datasets', body: bodies.createDataset, creates: true },
  'datasets.list': { method: 'GET', path: '/datasets', isList: true },
  'datasets.read': { method: 'GET', path: dataset },
  'datasets.edit': { method: 'POST', path: dataset, body: bodies.editDataset },
  'datasets.describe': { method: 'PUT', path: dataset, body: bodies.describeDataset },
  'datasets.delete': { method: 'DELETE', path: dataset },
  'schemas.create': { method: 'POST', path: '/schemas', body: bodies.createSchema, creates: true },
  'schemas.check': { method: 'POST', path: '/schemas/validation-check', body: bodies.checkSchema },
  'schemas.list': { method: 'GET', path: '/schemas', isList: true },
  'schemas.default': { method: 'GET', path: '/schemas/default' },
  'schemas.read': { method: 'GET', path: '/schemas/:schemaName' },
  'schemas.delete': { method: 'DELETE', path: '/schemas/:schemaName' },
} as const satisfies Record<string, Route>

type OperationName = keyof typeof routes

/** Every emulated operation of AiTEMS. */
export function aitemsOperations(store: Store, accounts: readonly AitemsAccount[]): Operation[] {
  const handlers: Record<OperationName, Execute> = {
    ...serviceOperations(store),
    ...trainingOperations(store),
    ...intervalOperations(store),
    ...datasetOperations(store),
    ...schemaOperations(store),
  }
  return (Object.keys(routes) as OperationName[]).map((name) =>
    defineOperation({
      name,
      route: routes[name],
      settings: store.settings,
      accounts,
      now: store.world.now,
      execute: (request, body) => {
        catchUp(store)
        sweep(store)
        return handlers[name](request, body)
      },
    }),
  )
}

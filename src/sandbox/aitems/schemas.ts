import { ServiceError } from './errors.ts'
import { type AitemsRequest, choiceOf, type Execute, pageOf } from './operation.ts'
import { defaultFields, unfitFields } from './schema-fields.ts'
import { rejection, type Schema, type Store, schemaNamed } from './store.ts'
import { listedSchema, schemaView } from './views.ts'
import { datasetTypes, type SchemaData } from './wire.ts'

type SchemaBody = Pick<SchemaData, 'datasetType' | 'fields'> & { name: string; description?: string }

/** Schemas, the only objects that are addressed by name. */
export function schemaOperations(store: Store) {
  const { schemas, world, settings } = store
  return {
    'schemas.create': ({ caller }: AitemsRequest, body: SchemaBody) => {
      assertFields(body)
      if (schemaNamed(store, caller, body.name)) throw rejection(store, `the name '${body.name}' is taken`)
      const { datasetType, name, description = '' } = body
      const fields = body.fields.map((field) => ({ categorical: false, ...field }))
      const schema = schemas.add({
        id: store.makeId(),
        name,
        owner: caller.accessKey,
        creation: body,
        data: { datasetType, description, fields },
        timeline: [{ at: world.now(), state: 'EXISTS' }],
      })
      return schemaView(schema)
    },
    // The result is not documented; deletions return `ok`.
    'schemas.check': (_request: AitemsRequest, body: SchemaBody) => {
      assertFields(body)
      return { result: 'ok' }
    },
    'schemas.list': ({ caller, query, listing }: AitemsRequest) => {
      const type = choiceOf({ query }, 'datasetType', datasetTypes)
      const shown = schemas
        .listed(listing)
        .filter(({ owner, data }) => owner === caller.accessKey && (type === undefined || data.datasetType === type))
      return pageOf('schemas', shown, { query, settings, view: (schema) => listedSchema(store, schema) })
    },
    'schemas.default': ({ query }: AitemsRequest) => {
      const datasetType = choiceOf({ query }, 'datasetType', datasetTypes)
      if (datasetType === undefined) throw new ServiceError(400, 'datasetType is required')
      return { datasetType, name: 'default', fields: defaultFields[datasetType] }
    },
    'schemas.read': (request: AitemsRequest) => schemaView(ownSchema(store, request)),
    'schemas.delete': (request: AitemsRequest) => {
      const schema = ownSchema(store, request)
      const user = store.datasets
        .all()
        .find(({ owner, data }) => owner === schema.owner && data.schemaName === schema.name)
      if (settings.refuseDeleteOfConnected && user) throw rejection(store, `'${schema.name}' is used by '${user.id}'`)
      schemas.remove(schema.id)
      return { result: 'ok' }
    },
  } as const satisfies Record<string, Execute>
}

function ownSchema(store: Store, { caller, params }: AitemsRequest): Schema {
  const schema = schemaNamed(store, caller, params.schemaName)
  if (schema === undefined) throw new ServiceError(404, `there is no schema '${params.schemaName}'`)
  return schema
}

function assertFields({ datasetType, fields }: SchemaBody): void {
  const unfit = unfitFields(datasetType, fields)
  if (unfit !== null) throw new ServiceError(400, unfit)
}

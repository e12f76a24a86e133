import { defaultFields } from './schema-fields.ts'
import type { Store } from './store.ts'
import { type AitemsAccount, datasetTypes } from './wire.ts'

/** Adds three schemas and three trainable datasets to every account, under the ids of the account. */
export function addReadyMade(store: Store, accounts: readonly AitemsAccount[]): void {
  for (const account of accounts) {
    for (const type of datasetTypes) addOne(store, account, type)
  }
}

function addOne(store: Store, account: AitemsAccount, type: (typeof datasetTypes)[number]): void {
  const at = store.world.now()
  const owner = account.accessKey
  const schemaName = `ready-${type}`
  const description = 'made by the sandbox'
  store.schemas.add({
    id: store.makeId(),
    name: schemaName,
    owner,
    creation: null,
    data: { datasetType: type, description, fields: defaultFields[type] },
    timeline: [{ at, state: 'EXISTS' }],
  })
  const osInfo = { region: 'KR', bucket: 'sandbox', key: `${type}.csv` }
  store.datasets.add({
    id: account[`${type}DatasetId`],
    name: schemaName,
    owner,
    creation: null,
    data: { type, description, schemaName, osInfo, uploadedRows: 0, updatedAt: at },
    timeline: [{ at, state: 'enable' }],
  })
}

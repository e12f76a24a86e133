import type { DatasetType, SchemaField } from './wire.ts'

/** Fields that a schema of each type requires or reserves. `type`: a type that the field must allow. */
const columns: Readonly<Record<DatasetType, readonly { name: string; type?: string; isRequired: boolean }[]>> = {
  user: [{ name: 'USER_ID', isRequired: true }],
  item: [
    { name: 'ITEM_ID', isRequired: true },
    { name: 'CREATION_TIMESTAMP', type: 'long', isRequired: false },
  ],
  interaction: [
    { name: 'USER_ID', isRequired: true },
    { name: 'ITEM_ID', isRequired: true },
    { name: 'TIMESTAMP', type: 'long', isRequired: true },
  ],
}

const id = (name: string): SchemaField => ({ name, type: ['string'], categorical: false })

/** The schemas of `GET /schemas/default`: required and reserved fields; the exact fields are invented. */
export const defaultFields: Readonly<Record<DatasetType, SchemaField[]>> = {
  user: [id('USER_ID')],
  item: [
    id('ITEM_ID'),
    { name: 'CATEGORY', type: ['string', 'null'], categorical: true },
    { name: 'CREATION_TIMESTAMP', type: ['long', 'null'], categorical: false },
  ],
  interaction: [
    id('USER_ID'),
    id('ITEM_ID'),
    { name: 'TIMESTAMP', type: ['long'], categorical: false },
    { name: 'EVENT_TYPE', type: ['string', 'null'], categorical: false },
    { name: 'EVENT_VALUE', type: ['double', 'null'], categorical: false },
  ],
}

/** Why fields are invalid for a schema of a type; `null` if they are valid. */
export function unfitFields(datasetType: DatasetType, fields: readonly SchemaField[]): string | null {
  for (const { name, type, isRequired } of columns[datasetType]) {
    const field = fields.find((given) => given.name === name)
    if (field === undefined && isRequired) return `fields must have ${name} in a schema of type ${datasetType}`
    if (field && type && !field.type.includes(type)) return `the field ${name} must be of type ${type}`
  }
  const names = fields.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  return twice === undefined ? null : `fields must not have ${twice} twice`
}

/** Why a row does not match a schema's fields; `null` if it does. */
export function unfitRow(
  fields: readonly SchemaField[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string | null {
  for (const [at, row] of rows.entries()) {
    const unfit = fields.find(({ name, type }) => !type.some((allowed) => isOfType(row[name] ?? null, allowed)))
    if (unfit) return `value[${at}].${unfit.name} must be of type ${unfit.type.join(' or ')}`
  }
  return null
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'int':
    case 'long':
      return Number.isSafeInteger(value)
    case 'float':
    case 'double':
      return typeof value === 'number'
    default:
      return typeof value === type
  }
}

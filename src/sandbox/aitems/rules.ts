import { checkFields, type FieldRule, type Fields, type Violation } from '../fields.ts'
import { ServiceError } from './errors.ts'
import { datasetTypes, type HpConfig, termHours, trainTypes } from './wire.ts'

const text: FieldRule = { type: 'string' }
const requiredText: FieldRule = { type: 'string', isRequired: true }
const description: FieldRule = { type: 'string', max: 100 }
const datasetType: FieldRule = { ...requiredText, oneOf: datasetTypes }

// https://api.ncloud-docs.com/docs/ai-application-service-aitems-service-create
const serviceName: FieldRule = { ...requiredText, min: 3, max: 20, pattern: /^[A-Za-z_][A-Za-z0-9_-]*$/ }

// The pages on datasets and schemas state only "starts with a letter".
const name: FieldRule = { ...requiredText, min: 3, max: 20, pattern: /^[A-Za-z]/ }

const dataset: Fields = {
  type: datasetType,
  name,
  description,
  schemaName: { ...requiredText, min: 1 },
  osInfo: {
    type: 'object',
    isRequired: true,
    fields: {
      region: { ...requiredText, oneOf: ['KR'] },
      bucket: { ...requiredText, min: 1 },
      key: { ...requiredText, min: 1 },
    },
  },
}

/** The types of a schema's field; the guide adds the last two to the documented list. */
const fieldTypes = ['string', 'int', 'long', 'boolean', 'null', 'float', 'double']

const schema: Fields = {
  datasetType,
  name,
  description,
  fields: {
    type: 'array',
    isRequired: true,
    min: 1,
    each: {
      type: 'object',
      isRequired: true,
      fields: {
        name: { ...requiredText, min: 1 },
        type: { type: 'array', isRequired: true, min: 1, each: { ...requiredText, oneOf: fieldTypes } },
        categorical: { type: 'boolean' },
      },
    },
  },
}

/** The rules of each body. */
export const bodies = {
  createService: { name: serviceName, description, type: { ...text, oneOf: ['batch', 'interval'] } },
  updateService: { name: serviceName, description },
  setDatasets: { datasetIds: { type: 'array', isRequired: true, min: 3, max: 3, each: requiredText } },
  train: {
    types: { type: 'array', isRequired: true, min: 1, each: { ...requiredText, oneOf: trainTypes } },
    description: text,
    hpConfig: { type: 'map', isRequired: true },
  },
  setInterval: { term: { ...requiredText, oneOf: Object.keys(termHours) } },
  upload: {
    type: datasetType,
    value: { type: 'array', isRequired: true, min: 1, each: { type: 'map', isRequired: true } },
  },
  createDataset: { ...dataset, description: { ...description, isRequired: true } },
  editDataset: dataset,
  describeDataset: { content: { ...description, isRequired: true } },
  createSchema: schema,
  checkSchema: { ...schema, description: { ...description, isRequired: true } },
} as const satisfies Record<string, Fields>

// https://api.ncloud-docs.com/docs/ai-application-service-aitems-service-learning
const options: Readonly<Record<string, { min: number; max: number; default: number }>> = {
  session_max_timestamp: { min: 10, max: 86_400, default: 1800 },
  item_top_n: { min: 1000, max: 500_000, default: 20_000 },
  min_item_cut: { min: 1, max: 1000, default: 5 },
  min_session_length: { min: 2, max: 1000, default: 2 },
  max_user_recommend_top: { min: 1, max: 1000, default: 100 },
  max_relate_recommend_top: { min: 1, max: 1000, default: 100 },
}

const isEnabled: Fields = { is_enabled: { type: 'boolean', isRequired: true } }
const optionRules: Fields = {
  ...Object.fromEntries(
    Object.entries(options).map(([option, { min, max }]) => [option, { type: 'integer', min, max }]),
  ),
  group_column: { type: 'array', each: requiredText },
}
const optionDefaults = Object.fromEntries(Object.entries(options).map(([option, rule]) => [option, rule.default]))

/** Validates an `hpConfig` and fills in its defaults. Options apply only if it is enabled. */
export function readHpConfig(given: Readonly<Record<string, unknown>>): HpConfig {
  assertKeeps(given, isEnabled, { prefix: 'hpConfig.', refuseUnknown: false })
  if (given.is_enabled !== true) return { is_enabled: false }
  assertKeeps(given, optionRules, { prefix: 'hpConfig.', refuseUnknown: false })
  return { ...optionDefaults, group_column: [], ...given, is_enabled: true }
}

/** @throws ServiceError 400 that names the first broken rule */
export function assertKeeps(
  body: unknown,
  fields: Fields,
  { prefix = '', refuseUnknown }: { prefix?: string; refuseUnknown: boolean },
): void {
  const [first] = checkFields(body, fields, { refuseUnknown })
  if (first !== undefined) throw new ServiceError(400, `${prefix}${first.path} ${messageOf(first)}`)
}

// The documents show no messages; these are invented.
function messageOf({ broken, rule, value }: Violation): string {
  switch (broken) {
    case 'required':
      return 'is required'
    case 'unknown':
      return 'is not a known field'
    case 'type':
      return `must be of type ${rule?.type}`
    case 'pattern':
      return `must match ${rule?.pattern?.source}, not ${JSON.stringify(value)}`
    case 'choice':
      return `must be one of ${rule?.oneOf?.join(', ')}, not ${JSON.stringify(value)}`
    case 'range':
    case 'size':
      return `must be ${bounds(rule)}${rule?.type === 'string' ? ' characters long' : ''}`
  }
}

function bounds(rule: FieldRule | null): string {
  if (rule?.max === undefined) return `at least ${rule?.min}`
  return `${rule.min ?? 0} to ${rule.max}`
}

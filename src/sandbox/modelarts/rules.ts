import { checkFields, type FieldRule, type Fields, type Violation } from '../fields.ts'
import { type ErrorFormat, Rejection } from './rejections.ts'

const text: FieldRule = { type: 'string' }
const requiredText: FieldRule = { type: 'string', isRequired: true }
const integer: FieldRule = { type: 'integer' }
const boolean: FieldRule = { type: 'boolean' }
const texts: FieldRule = { type: 'array', each: requiredText }
const textMap: FieldRule = { type: 'map', each: requiredText }
const anything: FieldRule = { type: 'map' }

function object(fields: Fields): FieldRule {
  return { type: 'object', fields }
}

function required(rule: FieldRule): FieldRule {
  return { ...rule, isRequired: true }
}

// Letters, digits, hyphens and underscores; an empty name counts as missing.
const word = /^[A-Za-z0-9_-]*$/
const description: FieldRule = { type: 'string', max: 512, pattern: /^[^&<>"'/]*$/ }

const storage = object({ type: text, location: object({ path: text, volume_size: integer }) })
const autoStop = object({ enable: boolean, duration: integer, prompt: boolean })

/** `historical_apis/devenviron_old_version`. Storage and durations have specific codes and are checked separately. */
export const instanceCreation: Fields = {
  name: { ...requiredText, min: 1, max: 64, pattern: word },
  profile_id: requiredText,
  flavor: requiredText,
  description,
  spec: required(
    object({
      storage,
      extend_storage: { type: 'array', each: storage },
      auto_stop: autoStop,
      annotations: textMap,
    }),
  ),
  workspace: object({ id: text }),
  pool: object({ id: requiredText, type: text, name: text, owner: object({ project_id: text }) }),
  ai_project: object({ id: text }),
}

export const instanceUpdate: Fields = { description, spec: object({ auto_stop: autoStop }) }

export const instanceAction: Fields = { action: { ...requiredText, oneOf: ['start', 'stop'] } }

const minDurationMs = 3_600_000
const maxDurationMs = 259_200_000

/** Whether a duration is valid for a notebook; -1 is unlimited, as Terraform's provider sends it. */
export function isLeaseDuration(durationMs: number): boolean {
  return durationMs === -1 || (durationMs >= minDurationMs && durationMs <= maxDurationMs)
}

// Documented in lower and upper case and returned in upper case, so case is ignored.
const anyCase = (...values: string[]) => new RegExp(`^(${values.join('|')})$`, 'i')
const lease = object({ duration: integer, type: { type: 'string', pattern: anyCase('timing', 'idle') } })
const endpoints: FieldRule = {
  type: 'array',
  each: object({
    service: { type: 'string', pattern: anyCase('ssh', 'notebook') },
    key_pair_names: texts,
    allowed_access_ips: { type: 'array', max: 5, each: requiredText },
  }),
}

const notebookName: FieldRule = { type: 'string', min: 1, max: 128, pattern: word }

/**
 * `development_environment_management`; for `volume` also the fields that only the vendor's SDK has
 * (VolumeMountRequest).
 */
export const notebookCreation: Fields = {
  name: required(notebookName),
  flavor: requiredText,
  image_id: { ...requiredText, pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i },
  volume: required(
    object({
      category: { ...requiredText, pattern: anyCase('evs', 'efs', 'sfs', 'obs', 'obsfs') },
      ownership: { ...requiredText, pattern: anyCase('managed', 'dedicated') },
      capacity: { type: 'integer', min: 5, max: 4096 },
      uri: { type: 'string', max: 1024 },
      id: text,
      mount_path: { type: 'string', max: 256 },
      read_only: boolean,
      dew_secret_name: { type: 'string', pattern: /^[A-Za-z0-9_-]{1,64}$/ },
    }),
  ),
  description,
  feature: { type: 'string', pattern: anyCase('notebook', 'default') },
  workspace_id: text,
  pool_id: text,
  endpoints,
  lease,
  duration: integer,
  hooks: anything,
}

export const notebookUpdate: Fields = {
  name: notebookName,
  description,
  flavor: text,
  image_id: text,
  endpoints,
  storage_new_size: { type: 'integer', min: 5, max: 4096 },
  hooks: anything,
}

export const notebookLease: Fields = { duration: integer, type: { type: 'string', pattern: anyCase('timing', 'idle') } }

const channel = object({
  name: requiredText,
  description: text,
  local_dir: text,
  access_method: text,
  remote: anything,
})
const channels: FieldRule = { type: 'array', each: channel }

/** `training_management`. */
export const jobCreation: Fields = {
  kind: { ...requiredText, oneOf: ['job', 'visualization_job'] },
  metadata: required(
    object({
      name: { ...requiredText, min: 1, max: 64, pattern: word },
      description: { type: 'string', max: 256 },
      workspace_id: text,
      annotations: textMap,
    }),
  ),
  algorithm: object({
    id: text,
    name: text,
    subscription_id: text,
    item_version_id: text,
    code_dir: text,
    boot_file: text,
    command: text,
    engine: object({ engine_id: text, engine_name: text, engine_version: text, image_url: text }),
    local_code_dir: text,
    working_dir: text,
    parameters: { type: 'array', each: object({ name: text, value: text }) },
    inputs: channels,
    outputs: channels,
    environments: textMap,
    policies: anything,
  }),
  spec: object({
    resource: object({ flavor_id: text, node_count: { type: 'integer', min: 1 }, pool_id: text }),
    log_export_path: object({ obs_url: text }),
    auto_stop: object({
      time_unit: { ...requiredText, oneOf: ['HOURS'] },
      duration: { type: 'integer', isRequired: true, min: 1 },
    }),
    volumes: { type: 'array', each: anything },
  }),
}

/** `training_management` (creating_an_algorithm). */
export const algorithmCreation: Fields = {
  metadata: required(
    object({
      name: { ...requiredText, min: 1, max: 64, pattern: word },
      description: { type: 'string', max: 256 },
      workspace_id: text,
      ai_project: text,
    }),
  ),
  job_config: required(
    object({
      code_dir: text,
      boot_file: text,
      command: text,
      engine: object({ engine_id: text, engine_name: text, engine_version: text, image_url: text }),
      parameters: { type: 'array', each: anything },
      inputs: { type: 'array', each: anything },
      outputs: { type: 'array', each: anything },
      parameters_customization: boolean,
    }),
  ),
  resource_requirements: { type: 'array', each: anything },
  advanced_config: anything,
}

export const jobDescription: Fields = { description: { ...requiredText, max: 256 } }

export const jobAction: Fields = { action_type: requiredText }

export const jobSearch: Fields = {
  offset: { type: 'integer', min: 0 },
  limit: { type: 'integer', min: 1, max: 50 },
  sort_by: text,
  order: { type: 'string', oneOf: ['asc', 'desc'] },
  group_by: text,
  workspace_id: text,
  filters: {
    type: 'array',
    each: object({ key: requiredText, operator: requiredText, value: { type: 'array' } }),
  },
}

/**
 * `historical_apis/training_management_old_version`; the config has many more fields, which are stored without
 * validation.
 */
export const oldJobCreation: Fields = {
  job_name: { ...requiredText, min: 1, max: 64, pattern: word },
  job_desc: { type: 'string', max: 256 },
  config: required(
    object({
      worker_server_num: { type: 'integer', isRequired: true, min: 1 },
      user_command: text,
      user_image_url: text,
      boot_file_url: text,
      parameter: { type: 'array', each: anything },
    }),
  ),
}

/**
 * Validates a body.
 *
 * @throws Rejection with the code and message of the group, for the first violated rule
 */
export function assertKeepsRules(
  body: unknown,
  fields: Fields,
  { format, refuseUnknown }: { format: ErrorFormat; refuseUnknown: boolean },
): void {
  // The config of v1 training is listed only in part, so unknown fields are accepted there.
  const [first] = checkFields(body, fields, { refuseUnknown: refuseUnknown && format !== 'training-v1' })
  if (first === undefined) return
  if (format === 'jobs') throw invalidParam(first.path)
  if (format === 'training-v1') throw new Rejection(400, '0104', 'Parameter error.')
  throw devEnvironRejection(first)
}

/** The rejection of a parameter of a v2 training job. */
export function invalidParam(path: string): Rejection {
  return new Rejection(400, '2788', `Invalid parameter(${path}).`, 'Check the request parameter.')
}

/** The rejection of a value in a development environment. */
export function wrongValue(path: string): Rejection {
  return new Rejection(400, '6336', `'${path}' property value is incorrect.`)
}

function devEnvironRejection({ path, value, broken, rule }: Violation): Rejection {
  switch (broken) {
    case 'required':
      return new Rejection(400, '6335', `'${path}' is a required property.`)
    case 'type':
      return new Rejection(
        400,
        '6332',
        `Incorrect parameter type. The '${path}' parameter must be of the '${rule?.type}' type.`,
      )
    case 'unknown':
      return new Rejection(400, '6400', `Invalid request payload ${path}, please check.`)
    case 'pattern':
      return path === 'name' || path === 'description' ? illegalCharacter(path, String(value)) : wrongValue(path)
    default:
      return wrongValue(path)
  }
}

function illegalCharacter(path: 'name' | 'description', value: string): Rejection {
  const illegal = path === 'name' ? /[^A-Za-z0-9_-]/ : /[&<>"'/]/
  const char = illegal.exec(value)?.[0] ?? ''
  return new Rejection(400, '6334', `Invalid value for name or description. The character \`${char}\` is not allowed.`)
}

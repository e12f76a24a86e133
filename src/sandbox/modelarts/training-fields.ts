import type { FieldRule, Fields } from '../fields.ts'
import { anything, boolean, object, required, requiredText, text, textMap, word } from './rules.ts'

const channel = object({
  name: requiredText,
  description: text,
  local_dir: text,
  access_method: text,
  remote: anything,
})
const channels: FieldRule = { type: 'array', each: channel }
const metadata: Fields = {
  name: { ...requiredText, min: 1, max: 64, pattern: word },
  description: { type: 'string', max: 256 },
  workspace_id: text,
}
const engine = object({ engine_id: text, engine_name: text, engine_version: text, image_url: text })

/** `training_management`. */
export const jobCreation: Fields = {
  kind: { ...requiredText, oneOf: ['job', 'visualization_job'] },
  metadata: required(object({ ...metadata, annotations: textMap })),
  algorithm: object({
    id: text,
    name: text,
    subscription_id: text,
    item_version_id: text,
    code_dir: text,
    boot_file: text,
    command: text,
    engine,
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
  metadata: required(object({ ...metadata, ai_project: text })),
  job_config: required(
    object({
      code_dir: text,
      boot_file: text,
      command: text,
      engine,
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

import type { FieldRule, Fields } from '../fields.ts'
import {
  anything,
  boolean,
  description,
  integer,
  object,
  required,
  requiredText,
  text,
  textMap,
  texts,
  word,
} from './rules.ts'

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

export const notebookLease: Fields = { duration: integer, type: { type: 'string', pattern: anyCase('timing', 'idle') } }

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
  lease: object(notebookLease),
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

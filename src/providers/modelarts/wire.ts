import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject } from '../kit/fields.ts'
import { boundedPayload, maxDepth } from '../kit/redact.ts'
import { withoutVariables } from '../kit/variables.ts'

/** Request bodies of ModelArts, in the key order of its examples. Responses are read field by field. */

/** https://docs.otc.t-systems.com/modelarts/api-ref/historical_apis/devenviron_old_version (modelarts_03_0110) */
export interface CreateInstance {
  name: string
  description: string
  profile_id: string
  flavor: string
  spec: {
    storage: InstanceStorage
    auto_stop: InstanceAutoStop
    extend_storage?: InstanceStorage[]
    annotations?: JsonObject
  }
  workspace: { id: string }
  pool?: { id: string; type?: string; name?: string; owner?: { project_id: string } }
  ai_project?: { id: string }
}

export interface InstanceStorage {
  location: { path?: string; volume_size?: number }
  type: string
}

/** `duration` in seconds. */
export interface InstanceAutoStop {
  enable: boolean
  duration?: number
  prompt?: boolean
}

/** https://docs.otc.t-systems.com/modelarts/api-ref/development_environment_management (CreateNotebook) */
export interface CreateNotebook {
  name: string
  description: string
  flavor: string
  image_id: string
  volume: {
    category: string
    ownership: string
    capacity?: number
    uri?: string
    id?: string
    dew_secret_name?: string
  }
  workspace_id: string
  pool_id?: string
  endpoints?: { service: string; key_pair_names?: string[]; allowed_access_ips?: string[] }[]
  /** Milliseconds; -1 = never. If set, `lease` is ignored and the time counts whether idle or not. */
  duration?: number
  lease?: { duration: number; type: LeaseType }
  hooks?: { container_hooks: { post_start: { type: 'COMMAND'; script: string } } }
}

/** https://docs.otc.t-systems.com/modelarts/api-ref/development_environment_management (StartNotebook). As in a create. */
export interface StartQuery {
  duration: number
  type?: LeaseType
}

/** Lower case in the reference's table, upper case in its responses and in every SDK of the vendor. */
export type LeaseType = 'TIMING' | 'IDLE'

/** https://docs.otc.t-systems.com/modelarts/api-ref/training_management (CreateTrainingJob) */
export interface CreateTrainingJob {
  kind: 'job'
  metadata: { name: string; description?: string; workspace_id: string; annotations?: JsonObject }
  algorithm: TrainingAlgorithm
  spec: {
    resource: { flavor_id?: string; node_count: number; pool_id?: string }
    volumes?: TrainingVolume[]
    log_export_path?: { obs_url: string }
    auto_stop?: { time_unit: 'HOURS'; duration: number }
  }
}

export interface TrainingAlgorithm {
  id?: string
  subscription_id?: string
  item_version_id?: string
  code_dir?: string
  boot_file?: string
  engine?: TrainingEngine
  local_code_dir?: string
  working_dir?: string
  command?: string
  parameters?: { name: string; value: string }[]
  inputs?: TrainingChannel[]
  outputs?: TrainingChannel[]
  environments?: Record<string, string>
}

export interface TrainingEngine {
  engine_id?: string
  engine_name?: string
  engine_version?: string
  image_url?: string
}

export interface TrainingChannel {
  name: string
  local_dir: string
  remote: { obs: { obs_url: string } } | { dataset: { id: string; version_id: string } }
}

export type TrainingVolume =
  | { nfs: { nfs_server_path: string; local_path: string; read_only: boolean } }
  | { pfs: { pfs_path: string; local_path: string } }
  | { obs: { obs_path: string; local_path: string } }

/**
 * A response without secrets: in addition to the kit's rules, removes values of variables, and the query of signed links
 * to objects.
 */
export function payloadOf(response: Json, literals: readonly string[]): Json {
  return boundedPayload(withoutVariables(unsigned(response), 'environments'), literals)
}

/** Deeper values are removed from a payload anyway. */
function unsigned(value: Json, depth = 0): Json {
  if (depth > maxDepth) return null
  if (Array.isArray(value)) return value.map((item) => unsigned(item, depth + 1))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'obs_url' && typeof item === 'string' ? item.replace(/\?.*$/s, '?[redacted]') : unsigned(item, depth + 1),
    ]),
  )
}

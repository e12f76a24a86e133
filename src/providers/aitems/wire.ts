import type { JsonObject } from '../../vocabulary/json.ts'

/** Request bodies of AiTEMS, in documented key order. Responses are read field by field. */

/** `POST /services`. */
export type CreateService = {
  name: string
  description: string
  type: string
}

/** `PUT /services/{serviceId}` edits a service; `POST` to the same path trains it. */
export type EditService = {
  name: string
  description: string
}

/** `POST /services/{serviceId}/datasets`: the ids of one user, one item and one interaction dataset. */
export type BindDatasets = {
  datasetIds: string[]
}

/** `PUT /services/{serviceId}/interval`. */
export type SetInterval = {
  term: string
}

/** `POST /services/{serviceId}`: starts a billed training. */
export type TrainService = {
  types: string[]
  description: string
  hpConfig: { is_enabled: boolean } & JsonObject
}

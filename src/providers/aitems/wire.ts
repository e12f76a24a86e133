/** The bodies of AiTEMS requests, in the key order of its documents. Answers are read field by field instead. */

/** `POST /services`. */
export interface CreateService {
  name: string
  description: string
  type: string
}

/** `PUT /services/{serviceId}`: edits, while `POST` to the same path trains. */
export interface EditService {
  name: string
  description: string
}

/** `POST /services/{serviceId}/datasets`: one id each of a user, an item and an interaction dataset. */
export interface BindDatasets {
  datasetIds: string[]
}

/** `PUT /services/{serviceId}/interval`. */
export interface SetInterval {
  term: string
}

/** `POST /services/{serviceId}`: trains, and costs. */
export interface TrainService {
  types: string[]
  description: string
  hpConfig: { is_enabled: boolean } & Record<string, unknown>
}

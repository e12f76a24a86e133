/** Request bodies of AiTEMS, in documented key order. Responses are read field by field. */

/** `POST /services`. */
export interface CreateService {
  name: string
  description: string
  type: string
}

/** `PUT /services/{serviceId}` edits a service; `POST` to the same path trains it. */
export interface EditService {
  name: string
  description: string
}

/** `POST /services/{serviceId}/datasets`: the ids of one user, one item and one interaction dataset. */
export interface BindDatasets {
  datasetIds: string[]
}

/** `PUT /services/{serviceId}/interval`. */
export interface SetInterval {
  term: string
}

/** `POST /services/{serviceId}`: starts a billed training. */
export interface TrainService {
  types: string[]
  description: string
  hpConfig: { is_enabled: boolean } & Record<string, unknown>
}

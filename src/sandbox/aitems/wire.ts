/** A key pair and its predefined datasets. */
export type AitemsAccount = {
  readonly accessKey: string
  readonly secretKey: string
  readonly userDatasetId: string
  readonly itemDatasetId: string
  readonly interactionDatasetId: string
}

/** Durations in milliseconds, and switches for ambiguities of the documents. */
export type AitemsSettings = {
  listLagMs: number
  /** Duration of `datasetRequired` after datasets were bound. */
  bindingMs: number
  /** With 0 the response to a training request is `learning`, as in the documented sample. */
  requestLearningMs: number
  learningMs: number
  /** Duration of one hour of an interval service's term. */
  hourMs: number
  /** A new dataset is `waiting`, then `processing`, then `enable`. */
  waitingMs: number
  processingMs: number
  /** Duration of `deleting`. */
  deletingMs: number
  /** Status of a create of services, datasets and schemas: the common table documents 201, older samples 200. */
  createStatus: number
  /** Status of a rejection because of a state; not documented. */
  refusalStatus: number
  /** One of the formats in `errors.ts`: error bodies are not documented. */
  errorShape: string
  /** The status of a failed train: only `completed` has been observed. */
  failedWord: string
  /** `rowCount` is a number, as in a real response, not a string, as documented. */
  numericRowCounts: boolean
  /** An upload returns an empty body, not a bare `true`. */
  emptyUploadAnswer: boolean
  /** Responses follow older pages: no paging echo, no IAM fields, no service `type`, `connectedService`. */
  olderForm: boolean
  /** A train is hidden until it has ended. */
  trainsAppearAtEnd: boolean
  /** The trains of one request share a version and differ only in type. */
  sharedVersions: boolean
  /** Lists are sorted newest first. */
  newestFirst: boolean
  /** A deleted service or dataset can still be read, as `deleted`. */
  keepsDeleted: boolean
  /** A greater `limit` returns 400; 0: unlimited. */
  maxLimit: number
  /** Undocumented fields are rejected, except in `hpConfig`, whose options are not documented in full. */
  refuseUnknownFields: boolean
  /** Every body requires `Content-Type: application/json`. */
  requireContentType: boolean
  /** A service cannot be renamed, as the guide states, although the update has a name. */
  refuseRename: boolean
  /** Names of services and datasets are unique per account. */
  refuseTakenNames: boolean
  /** A dataset requires an existing schema of its type. */
  refuseUnknownSchemas: boolean
  refuseDeleteWhileLearning: boolean
  /** A dataset that a service uses, and a schema that a dataset uses, cannot be deleted. */
  refuseDeleteOfConnected: boolean
  /** The gateway's `errorCode` is a number, as in its table, not a string, as in its example. */
  numericErrorCodes: boolean
}

export const datasetTypes = ['user', 'item', 'interaction'] as const
export type DatasetType = (typeof datasetTypes)[number]

export const trainTypes = ['personalRecommend', 'relatedItem', 'pop'] as const
export type TrainType = (typeof trainTypes)[number]

/** Hours of each term of an interval service. */
export const termHours = { hour1: 1, hour3: 3, hour6: 6, hour12: 12 } as const
export type Term = keyof typeof termHours

/** `is_enabled`, with the options if it is set. */
export type HpConfig = { is_enabled: boolean; [option: string]: unknown }

/** A field of a schema. */
export interface SchemaField {
  name: string
  type: string[]
  categorical?: boolean
}

/** The stored data of a service. Times are epoch ms. */
export interface ServiceData {
  type: 'batch' | 'interval'
  description: string
  datasetIds: string[]
  hpConfig: HpConfig
  term: Term | null
  updatedAt: number
}

/** The stored data of a dataset. */
export interface DatasetData {
  type: DatasetType
  description: string
  schemaName: string
  osInfo: { region: string; bucket: string; key: string }
  uploadedRows: number
  updatedAt: number
}

/** The stored data of a schema. */
export interface SchemaData {
  datasetType: DatasetType
  description: string
  fields: SchemaField[]
}

/** The stored data of a train: the result of a training for one type. */
export interface TrainData {
  serviceId: string
  type: TrainType
  version: string
  hpConfig: HpConfig
  description: string
  rowCount: number
}

/** Korean local time without a zone, the format of every timestamp of the API. The zone is inferred. */
export function wallTime(at: number): string {
  return new Date(at + 9 * 3_600_000).toISOString().replace('Z', '')
}

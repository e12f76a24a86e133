/** A key pair, and the datasets that are ready for it from the beginning. */
export type AitemsAccount = {
  readonly accessKey: string
  readonly secretKey: string
  readonly userDatasetId: string
  readonly itemDatasetId: string
  readonly interactionDatasetId: string
}

/** Speeds in milliseconds, and the places where the documents can be read in more than one way. */
export type AitemsSettings = {
  listLagMs: number
  /** `datasetRequired` lasts so long after datasets were bound. */
  bindingMs: number
  /** With 0 the answer to a training request is `learning`, as the documents' sample has it. */
  requestLearningMs: number
  learningMs: number
  /** How long an hour of an interval service's term lasts. */
  hourMs: number
  /** A new dataset is `waiting`, then `processing`, then `enable`. */
  waitingMs: number
  processingMs: number
  /** `deleting` lasts so long. */
  deletingMs: number
  /** Of the creation of services, datasets and schemas: the common table says 201, older samples 200. */
  createStatus: number
  /** Of what is refused because of a state: no page names one. */
  refusalStatus: number
  /** One of the shapes in `errors.ts`: no page describes an error body. */
  errorShape: string
  /** What a failed train is called: `completed` is the only status ever seen. */
  failedWord: string
  /** `rowCount` is a number, as in a real answer, not a string, as in the documents. */
  numericRowCounts: boolean
  /** An upload is answered with an empty body, not with a bare `true`. */
  emptyUploadAnswer: boolean
  /** Answers as on older pages: no paging echo, no IAM fields, no service `type`, `connectedService`. */
  olderForm: boolean
  /** A train is not to be seen before it has ended. */
  trainsAppearAtEnd: boolean
  /** The trains of one request share a version and differ by type alone. */
  sharedVersions: boolean
  /** Lists begin with the newest. */
  newestFirst: boolean
  /** A deleted service or dataset can still be read, as `deleted`. */
  keepsDeleted: boolean
  /** A greater `limit` is 400; 0: any is taken. */
  maxLimit: number
  /** Fields that no page names are refused; `hpConfig` excepted, whose options no page lists in full. */
  refuseUnknownFields: boolean
  /** Every body wants `Content-Type: application/json`. */
  requireContentType: boolean
  /** A service keeps its name, as the guide says, although the update takes one. */
  refuseRename: boolean
  /** Names of services and datasets are unique per account. */
  refuseTakenNames: boolean
  /** A dataset needs a schema of its type that exists. */
  refuseUnknownSchemas: boolean
  refuseDeleteWhileLearning: boolean
  /** A dataset that a service uses, and a schema that a dataset uses, cannot be deleted. */
  refuseDeleteOfConnected: boolean
  /** The gateway's `errorCode` is a number, as its table says, not a string, as its example shows. */
  numericErrorCodes: boolean
}

export const datasetTypes = ['user', 'item', 'interaction'] as const
export type DatasetType = (typeof datasetTypes)[number]

export const trainTypes = ['personalRecommend', 'relatedItem', 'pop'] as const
export type TrainType = (typeof trainTypes)[number]

/** Hours of each term of an interval service. */
export const termHours = { hour1: 1, hour3: 3, hour6: 6, hour12: 12 } as const
export type Term = keyof typeof termHours

/** `is_enabled`, and the options when it is. */
export type HpConfig = { is_enabled: boolean; [option: string]: unknown }

/** A field of a schema. */
export interface SchemaField {
  name: string
  type: string[]
  categorical?: boolean
}

/** What the sandbox keeps of a service. Times are epoch ms. */
export interface ServiceData {
  type: 'batch' | 'interval'
  description: string
  datasetIds: string[]
  hpConfig: HpConfig
  term: Term | null
  updatedAt: number
}

/** What the sandbox keeps of a dataset. */
export interface DatasetData {
  type: DatasetType
  description: string
  schemaName: string
  osInfo: { region: string; bucket: string; key: string }
  uploadedRows: number
  updatedAt: number
}

/** What the sandbox keeps of a schema. */
export interface SchemaData {
  datasetType: DatasetType
  description: string
  fields: SchemaField[]
}

/** What the sandbox keeps of a train: the result of a training for one type. */
export interface TrainData {
  serviceId: string
  type: TrainType
  version: string
  hpConfig: HpConfig
  description: string
  rowCount: number
}

/** Korean wall clock without a zone, as every timestamp of the API is printed. The zone is inferred. */
export function wallTime(at: number): string {
  return new Date(at + 9 * 3_600_000).toISOString().replace('Z', '')
}

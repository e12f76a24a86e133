import { Type } from '@sinclair/typebox'
import type { Json } from '../../vocabulary/json.ts'
import type { EnvironmentSpec, JobSpec } from '../../vocabulary/spec.ts'
import type { Intent } from '../intent.ts'
import { descriptionTagLength, tagDescription, tagOfDescription, withoutTag } from '../kit/correlation-tags.ts'
import { isObject, readId, readList, readText } from '../kit/fields.ts'
import type { ChangeRequest } from './client.ts'
import type { BindDatasets, CreateService, EditService, SetInterval, TrainService } from './wire.ts'

/** Descriptions are limited to 100 characters; a tag of ten leaves 84 of them to the client. */
export const tagLength = 10
export const maxDescriptionLength = 100 - descriptionTagLength(tagLength)

export const trainTypes = ['personalRecommend', 'relatedItem', 'pop'] as const
const datasetTypes = ['user', 'item', 'interaction'] as const
const terms = ['hour1', 'hour3', 'hour6', 'hour12'] as const

export const environmentOptions = Type.Object(
  {
    serviceType: Type.Optional(
      stringEnum(
        ['batch', 'interval'],
        '`batch`: trained on demand; `interval`: trained on a schedule. Defaults to `batch`.',
      ),
    ),
    datasetIds: Type.Optional(
      Type.Object(
        { user: datasetId('Users'), item: datasetId('Items'), interaction: datasetId('Interactions') },
        {
          additionalProperties: false,
          description: 'Training datasets, bound after the service is created. Can be changed later.',
        },
      ),
    ),
    term: Type.Optional(stringEnum(terms, 'Training interval of an `interval` service. Can be changed later.')),
  },
  { additionalProperties: false },
)

/**
 * HPO options with their documented ranges. The documented list is not exhaustive, so other options are passed through.
 */
export const jobOptions = Type.Object(
  {
    types: Type.Array(stringEnum(trainTypes, 'Recommendation type.'), {
      minItems: 1,
      maxItems: trainTypes.length,
      uniqueItems: true,
      description: 'Model types to train; each becomes a task of the job.',
    }),
    hpo: Type.Optional(
      Type.Object(
        {
          session_max_timestamp: Type.Optional(
            Type.Integer({
              minimum: 10,
              maximum: 86_400,
              description: 'Maximum gap within a session (`session_max_timestamp`).',
            }),
          ),
          item_top_n: Type.Optional(
            Type.Integer({
              minimum: 1000,
              maximum: 500_000,
              description: 'Number of top items to use (`item_top_n`).',
            }),
          ),
          min_item_cut: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description: 'Minimum occurrences of an item (`min_item_cut`).',
            }),
          ),
          min_session_length: Type.Optional(
            Type.Integer({
              minimum: 2,
              maximum: 1000,
              description: 'Minimum length of a session (`min_session_length`).',
            }),
          ),
          max_user_recommend_top: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description: 'Maximum recommendations per user (`max_user_recommend_top`).',
            }),
          ),
          max_relate_recommend_top: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 1000,
              description: 'Maximum related recommendations per item (`max_relate_recommend_top`).',
            }),
          ),
        },
        {
          additionalProperties: true,
          description:
            'Hyperparameter optimization (`hpConfig`); disabled if absent. Absent options use vendor defaults.',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

/** The body of `POST /services`. Datasets and term are set by separate calls. */
export function serviceOf({
  spec,
  correlationTag,
}: Pick<Intent<'environment'>, 'spec' | 'correlationTag'>): CreateService {
  return {
    name: spec.name,
    description: tagDescription(spec.description, correlationTag),
    type: readText(optionsOf(spec), 'serviceType') ?? 'batch',
  }
}

/** The body of `POST /services/{serviceId}`. */
export function trainingOf({ spec, correlationTag }: Pick<Intent<'job'>, 'spec' | 'correlationTag'>): TrainService {
  const { hpo } = optionsOf(spec)
  return {
    types: typesOf(spec),
    description: tagDescription(spec.description, correlationTag),
    hpConfig: isObject(hpo) ? { is_enabled: true, ...hpo } : { is_enabled: false },
  }
}

export function typesOf(spec: JobSpec): string[] {
  return readList(optionsOf(spec), 'types').flatMap((type) => (typeof type === 'string' ? [type] : []))
}

export function optionsOf(spec: JobSpec | EnvironmentSpec): { readonly [option: string]: Json } {
  return (spec.providerOptions?.aitems ?? {}) as { readonly [option: string]: Json }
}

/** The calls that bring a service to the spec; empty if none is needed. Fields absent from the spec stay unchanged. */
export function updatesOf(service: Json, spec: EnvironmentSpec): { datasets?: ChangeRequest; others: ChangeRequest[] } {
  const path = `/services/${encodeURIComponent(readId(service, 'serviceId') ?? '')}`
  const datasetIds = missingDatasets(service, spec)
  const others: ChangeRequest[] = []
  const term = readText(optionsOf(spec), 'term')
  if (term !== undefined && readText(service, 'learningInterval') !== term) {
    const body: SetInterval = { term }
    others.push({ method: 'PUT', path: `${path}/interval`, body: { ...body } })
  }
  const description = changedDescription(service, spec)
  if (description !== null) {
    // The name cannot change, but the API requires it.
    const body: EditService = { name: readText(service, 'name') ?? spec.name, description }
    others.push({ method: 'PUT', path, body: { ...body } })
  }
  if (datasetIds === null) return { others }
  const body: BindDatasets = { datasetIds }
  return { datasets: { method: 'POST', path: `${path}/datasets`, body: { ...body } }, others }
}

/**
 * Whether a service lacks what the create could not set: its datasets or its interval. An interval in an undocumented
 * format is left unchanged.
 */
export function isUpdateDue(
  spec: EnvironmentSpec,
  { rawState, payload }: { rawState: string; payload: Json },
): boolean {
  if (rawState === 'datasetRequired') return wantedDatasets(spec) !== null
  const term = readText(optionsOf(spec), 'term')
  const shown = readText(payload, 'learningInterval')
  return term !== undefined && shown !== term && terms.some((each) => each === shown)
}

function wantedDatasets(spec: EnvironmentSpec): string[] | null {
  const { datasetIds } = optionsOf(spec)
  const ids = datasetTypes.flatMap((type) => readId(datasetIds, type) ?? [])
  return ids.length === datasetTypes.length ? ids : null
}

function missingDatasets(service: Json, spec: EnvironmentSpec): string[] | null {
  const requested = wantedDatasets(spec)
  const bound = readList(service, 'datasets').map((dataset) => readId(dataset, 'datasetId'))
  const areBound =
    requested !== null && bound.length === requested.length && requested.every((id) => bound.includes(id))
  return areBound ? null : requested
}

/** Keeps the correlation tag at the end. A description that is absent from the spec stays unchanged. */
function changedDescription(service: Json, { description }: EnvironmentSpec): string | null {
  const shown = readText(service, 'description') ?? ''
  if (description === undefined || withoutTag(shown) === description) return null
  const correlationTag = tagOfDescription(shown)
  return correlationTag === null ? description : tagDescription(description, correlationTag)
}

/** A string enum. The pattern repeats it for validators without support for string enums. */
function stringEnum(values: readonly string[], description: string) {
  return Type.String({ enum: [...values], pattern: `^(${values.join('|')})$`, description })
}

function datasetId(type: string) {
  return Type.String({ pattern: '^[0-9A-Za-z_-]{1,64}$', description: `${type} dataset id.` })
}

import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Driver } from '../driver.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { isObject, readText } from '../kit/fields.ts'
import { plainId } from '../kit/plain-id.ts'
import type { Found } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { type AitemsClient, jsonHeaders } from './client.ts'
import { jobOptions, maxDescriptionLength, optionsOf, tagLength, trainingOf, typesOf } from './mapping.ts'
import { activityOf } from './services.ts'
import type { AitemsSettings } from './settings.ts'
import { snapshotOf } from './train-search.ts'
import { trainStates } from './train-state.ts'
import { makeTrainings } from './trainings.ts'

const accepts: Accepts = {
  name: { to: '', note: 'kept in Switchyard; trainings have no name' },
  description: {
    to: 'description',
    maxLength: maxDescriptionLength,
    note: "the limit is that of a service's description; none is documented for trainings",
  },
}

const traits: Traits<'job'> = {
  // Neither is documented; see the traits of environments.
  listConsistencyLagMs: 30_000,
  maxProcessingMs: 60_000,
  // How long trains stay listed is not documented. An object not found within a day is left to an operator.
  retentionMs: 86_400_000,
  uniqueNames: false,
  // A service runs one training at a time.
  exclusiveEnvironment: true,
  enforces: [],
  // Several combinations of its trains would be ids of one training.
  notImportable:
    'A training of AiTEMS has no single id, so it cannot be imported. Import its service as an environment.',
}

/** Trainings of a service. The API has no cancel and no logs. */
export function makeJobs(client: AitemsClient, settings: AitemsSettings, literals: readonly string[]): Driver<'job'> {
  const trainings = makeTrainings(client, { literals, timezoneOffset: settings.timezoneOffset })

  return {
    accepts,
    options: jobOptions,
    // An empty object enables it with the vendor's defaults.
    switchOptions: ['hpo'],
    states: trainStates,
    traits,
    tagLength,
    environment: 'required',
    check: optionErrors,

    async prepare(spec, environmentRemoteId, signal) {
      const seen = environmentRemoteId === null ? 'gone' : await trainings.scan(environmentRemoteId, signal)
      if (seen === 'gone') throw new ProviderError('not_found', 'The AiTEMS service does not exist.')
      if (activityOf(seen.service) === 'learning') {
        const state = readText(seen.service, 'status')
        throw new ProviderError('conflict', `The service is \`${state}\`: it runs one training at a time.`)
      }
      return snapshotOf(seen, typesOf(spec))
    },

    plan: (intent) => ({
      method: 'POST',
      target: client.target(intent.environmentRemoteId === null ? '/services/{serviceId}' : pathOf(intent)),
      headers: jsonHeaders,
      body: trainingOf(intent),
    }),

    /** The response contains the service, not its trains; the engine finds those by scanning. */
    async create(intent, signal) {
      const path = pathOf(intent)
      if (readText(intent.before, 'serviceType') === 'interval') {
        const message =
          'The service has type `interval`: it is trained on a schedule and does not accept training requests.'
        throw new ProviderError('invalid_request', message, { notSent: true })
      }
      await client.create(path, JSON.stringify(trainingOf(intent)), { sendBy: intent.sendBy, signal })
      return { remoteId: null }
    },

    async find(intents, signal) {
      const found = new Map<string, Found<'job'>>()
      for (const intent of intents) found.set(intent.correlationTag, await trainings.find(intent, signal))
      return found
    },

    get: trainings.get,
    list: trainings.list,
    controls: {},
  }
}

function pathOf({ environmentRemoteId }: Intent<'job'>): string {
  if (environmentRemoteId !== null) return `/services/${plainId(environmentRemoteId)}`
  throw new ProviderError('invalid_request', 'A training requires a service.', { notSent: true })
}

function optionErrors(spec: JobSpec): readonly SpecError[] {
  const pointer = '/providerOptions/aitems'
  const { hpo } = optionsOf(spec)
  const validationErrors: SpecError[] = []
  if (typesOf(spec).length === 0) {
    validationErrors.push({
      pointer: `${pointer}/types`,
      detail: '`types` is required: the recommendation types to train.',
    })
  }
  if (isObject(hpo) && Object.hasOwn(hpo, 'is_enabled')) {
    validationErrors.push({ pointer: `${pointer}/hpo/is_enabled`, detail: 'It is derived from `hpo`. Remove it.' })
  }
  return validationErrors
}

import { Type } from '@sinclair/typebox'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Driver } from '../driver.ts'
import type { Accepts } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { descriptionTagLength, tagOfDescription } from '../kit/correlation-tags.ts'
import { isObject, readFlag, readId, readText } from '../kit/fields.ts'
import { asListed } from '../kit/listed.ts'
import { boundedPayload } from '../kit/redact.ts'
import { withoutVariables } from '../kit/variables.ts'
import type { Found, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { catalogOf } from './catalog.ts'
import { contentsOf, type DataforestClient, jsonHeaders } from './client.ts'
import { isNoSuchElement } from './errors.ts'
import { commonAccepts, programErrors, workspaceOf } from './mapping.ts'
import type { DataforestSettings } from './settings.ts'

/** The API reports no state of an AI workspace. These values represent its `disabled` flag. */
const states = { enabled: 'running', disabled: 'blocked' } as const satisfies Record<string, Status<'environment'>>

const tagLength = 12
const maxDescriptionLength = 255

const options = Type.Object(
  {
    configurationName: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'Configuration name. Defaults to `name`.' }),
    ),
    userPackageUri: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2048, description: 'URI of an existing zip file in HDFS.' }),
    ),
  },
  { additionalProperties: false },
)

/** Fields that getDetail returns and an item of getList lacks. */
const listOmits = ['success', 'message', 'accountId', 'contents']

const traits: Traits<'environment'> = {
  // Neither is documented; see the traits of jobs. The create response contains the id.
  listConsistencyLagMs: 30_000,
  maxProcessingMs: 60_000,
  // The API has a checkAvailableName for them.
  uniqueNames: true,
  enforces: [],
}

/** AI workspaces: named configurations that exist until deleted. They cannot be started or stopped. */
export function makeEnvironments(
  client: DataforestClient,
  settings: DataforestSettings,
  literals: readonly string[],
): Driver<'environment'> {
  async function listWorkspaces(signal: AbortSignal) {
    const response = await client.call('aiworkspaces/getList', { search: { accountId: settings.accountId } }, signal)
    const { contents, isComplete } = contentsOf(response)
    const observe = (each: Json) => (isObject(each) ? asListed(environmentOf(each, literals), listOmits) : null)
    const seen = contents.flatMap((each) => observe(each) ?? [])
    return { seen, contents, isComplete }
  }

  async function detail(remoteId: string, signal: AbortSignal): Promise<JsonObject | 'gone'> {
    try {
      return await client.call('aiworkspaces/getDetail', { id: remoteId }, signal)
    } catch (error) {
      if (isNoSuchElement(error)) return 'gone'
      throw error
    }
  }

  /**
   * A rejected create does not report that the name is taken, so a read-only call checks it. If that call fails, this
   * workspace itself may hold the name, so the outcome of the create is unknown.
   */
  async function isNameTaken(name: string, signal: AbortSignal): Promise<boolean> {
    const question = { accountId: settings.accountId, name }
    try {
      return readFlag(await client.call('aiworkspaces/checkAvailableName', question, signal), 'availableName') === false
    } catch (cause) {
      if (isRejection(cause)) return false
      throw new ProviderError('outcome_unknown', `Could not check whether the name ${name} is taken.`, { cause })
    }
  }

  return {
    accepts: acceptsOf(settings.defaultQueue),
    options,
    states,
    traits,
    tagLength,
    check: programErrors,

    plan: (intent) => ({
      method: 'POST',
      target: client.target('aiworkspaces/create'),
      headers: jsonHeaders,
      body: workspaceOf(intent, settings),
    }),

    async create(intent, signal) {
      const body = JSON.stringify(workspaceOf(intent, settings))
      try {
        const response = await client.create('aiworkspaces/create', body, { sendBy: intent.sendBy, signal })
        return { remoteId: readId(response, 'id') ?? null }
      } catch (error) {
        if (!mayBeNameClash(error) || !(await isNameTaken(intent.spec.name, signal))) throw error
        const detail = `An AI workspace named ${intent.spec.name} already exists in this account. ${error.message}`
        throw new ProviderError('conflict', detail, { httpStatus: 400, parameter: 'name' })
      }
    },

    async find(intents, signal) {
      const listed = await listWorkspaces(signal)
      return new Map(intents.map((intent) => [intent.correlationTag, foundIn(listed, intent)]))
    },

    /**
     * Makes two calls: only the list shows `disabled`, and only the detail reports reliably that the workspace is gone.
     */
    async get(remoteId, signal) {
      const workspace = await detail(remoteId, signal)
      if (workspace === 'gone') return workspace
      const listed = (await listWorkspaces(signal)).seen.find((each) => each.remoteId === remoteId)
      const isDisabled = readFlag(workspace, 'disabled') ?? listed?.status === 'blocked'
      const seen = environmentOf({ ...workspace, id: remoteId, disabled: isDisabled }, literals)
      if (seen === null) throw new ProviderError('bad_response', 'aiworkspaces/getDetail returned no workspace.')
      return seen
    },

    list: async (_page, signal) => ({ seen: (await listWorkspaces(signal)).seen, next: null }),

    controls: {
      async delete(remoteId, signal) {
        try {
          await client.call('aiworkspaces/delete', { id: remoteId }, signal)
        } catch (error) {
          if (!isNoSuchElement(error)) throw error
        }
      },
    },

    catalog: (signal) => catalogOf(client, settings.accountId, signal),
  }
}

function acceptsOf(defaultQueue: string): Accepts {
  return {
    name: {
      to: 'name',
      pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$',
      maxLength: 15,
      note: 'starts with a lower-case letter, then lower-case letters, digits and single hyphens; unique in the account',
    },
    description: { to: 'description', maxLength: maxDescriptionLength - descriptionTagLength(tagLength) },
    ...commonAccepts(defaultQueue),
  }
}

function environmentOf(workspace: JsonObject, literals: readonly string[]): Observation<'environment'> | null {
  const remoteId = readId(workspace, 'id')
  if (remoteId === undefined) return null
  const rawState = readFlag(workspace, 'disabled') === true ? 'disabled' : 'enabled'
  const name = readText(workspace, 'name')
  const { description } = workspace
  return {
    remoteId,
    status: states[rawState],
    rawState,
    ...(rawState === 'disabled' ? { reason: 'disabled' as const } : {}),
    ...(name === undefined ? {} : { remoteName: name }),
    ...(description === undefined ? {} : { correlationTag: tagOfDescription(readText(workspace, 'description')) }),
    payload: () => boundedPayload(withoutVariables(workspace, 'env'), literals),
  }
}

interface Listed {
  seen: readonly Observation<'environment'>[]
  contents: readonly Json[]
  isComplete: boolean
}

function foundIn(
  { seen, contents, isComplete }: Listed,
  { correlationTag, spec }: Intent<'environment'>,
): Found<'environment'> {
  const found = seen.filter((each) => each.correlationTag === correlationTag)
  const isAmbiguous = contents.some((each) => mayBe(each, spec.name))
  if (found.length > 0) return { found, isComplete: isComplete && !isAmbiguous }
  if (!isComplete) return { inconclusive: 'aiworkspaces/getList shows fewer than its total' }
  if (isAmbiguous) return { inconclusive: 'aiworkspaces/getList does not show whose each is' }
  return seen.some(({ remoteName }) => remoteName === spec.name)
    ? { absent: true, nameIsTaken: true }
    : { absent: true }
}

/** A listed workspace of this name, or of none, that shows no id or no description. Names are unique. */
function mayBe(workspace: Json, name: string): boolean {
  const isShown = readId(workspace, 'id') !== undefined && isObject(workspace) && workspace.description !== undefined
  return !isShown && (readText(workspace, 'name') ?? name) === name
}

/** HTTP 400 from the service, unless it names a parameter other than the name. */
/** A definite rejection by Data Forest, which a repeated call would also receive. */
function isRejection(error: unknown): boolean {
  return error instanceof ProviderError && (error.code === 'invalid_request' || error.code === 'permission_denied')
}

function mayBeNameClash(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError) || error.code !== 'invalid_request' || error.notSent) return false
  return error.parameter === undefined || error.parameter === 'name'
}

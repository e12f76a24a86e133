import { isRecord } from '../fields.ts'
import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { gatewayError } from '../vendors/ncp.ts'
import { type OperationName, objectionTo } from './rules.ts'
import type { DataforestAccount, DataforestSettings } from './wire.ts'

/** A rejection that the service's overview lists. https://api.ncloud-docs.com/docs/analytics-dataforest */
export class ServiceError extends Error {
  readonly status: 400 | 403 | 404 | 500

  constructor(status: ServiceError['status'], message: string) {
    super(message)
    this.name = 'ServiceError'
    this.status = status
  }
}

export const noSuchElement = () => new ServiceError(404, 'no such element')
export const notAllowed = () => new ServiceError(403, 'not allowed to access')

/** The service's error envelope. */
export function serviceError(status: number, message: string, isIn200: boolean): ProviderResponse {
  return { status: isIn200 ? 200 : status, body: { message, success: false } }
}

/** Executes an operation with a validated body and returns the response fields except `success`. */
export type Execute = (account: DataforestAccount, body: never, call: Call) => object

export interface OperationParts {
  name: OperationName
  settings: DataforestSettings
  accounts: readonly DataforestAccount[]
  execute: Execute
}

/**
 * Defines an operation of Data Forest: a POST with a JSON body that is validated, executed, and wrapped in an envelope.
 */
export function defineOperation({ name, settings, accounts, execute }: OperationParts): Operation {
  const isAi = name.startsWith('ai')
  return {
    name,
    method: 'POST',
    path: `/api/v2/${name.replace('.', '/')}`,
    ...(name.endsWith('List') ? { isList: true as const } : {}),
    subjects: ({ json }) => (isRecord(json) ? [json.id, json.name, json.namePrefix, json.aiWorkspaceId] : []),
    handle: (call) => {
      if (isAi && settings.isAiRetired) return gatewayError('notFound', settings.numericErrorCodes)
      try {
        const account = callerOf(call, accounts)
        return {
          status: 200,
          body: { success: true, ...execute(account, readBody(call, name, settings) as never, call) },
        }
      } catch (error) {
        if (error instanceof ServiceError) return serviceError(error.status, error.message, settings.errorsIn200)
        throw error
      }
    },
  }
}

function callerOf({ headers }: Call, accounts: readonly DataforestAccount[]): DataforestAccount {
  const account = accounts.find((candidate) => candidate.accessKey === headers['x-ncp-iam-access-key'])
  if (account === undefined) throw notAllowed()
  return account
}

function readBody(call: Call, name: OperationName, settings: DataforestSettings): Record<string, unknown> {
  checkContentType(call.headers['content-type'], settings.requireContentType || name === 'accounts.getList')
  const isEmptyAllowed = name === 'accounts.getList' && call.rawBody.length === 0
  const body = isEmptyAllowed ? {} : call.json
  if (!isRecord(body)) throw new ServiceError(400, "invalid request parameter (body, ''). a JSON object is required")
  const objection = objectionTo(name, body, settings.refuseUnknownFields)
  if (objection !== null) throw new ServiceError(400, objection)
  return body
}

// The header is documented as optional except for accounts/getList. XML, which older pages offer, is not emulated.
function checkContentType(contentType: string | undefined, isRequired: boolean): void {
  if (contentType === undefined && !isRequired) return
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase()
  if (mediaType === 'application/json') return
  throw new ServiceError(
    400,
    `invalid request parameter (Content-Type, '${contentType ?? null}'). application/json is required`,
  )
}

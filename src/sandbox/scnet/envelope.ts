import { STATUS_CODES } from 'node:http'
import type { Call, Failure, ProviderResponse } from '../provider.ts'
import type { ScnetSettings } from './wire.ts'

/** The official codes and their meaning, with an assumed HTTP status for `errorsHaveStatus`. */
const codes = {
  '10001': { msg: '内部异常', status: 500 },
  '10003': { msg: '参数不全', status: 400 },
  '10004': { msg: '参数无效', status: 400 },
  '10007': { msg: '用户已被冻结', status: 403 },
  '10008': { msg: 'auth_fail', status: 401 },
  '10009': { msg: '没有权限访问接口', status: 403 },
  '716864': { msg: '执行脚本错误', status: 500 },
  '716865': { msg: '创建任务错误', status: 500 },
  '716866': { msg: '删除任务错误', status: 500 },
  '716867': { msg: '停止任务错误', status: 500 },
  '716868': { msg: '启动任务错误', status: 500 },
  '815007': { msg: '作业提交失败', status: 500 },
  '911020': { msg: '文件不存在', status: 404 },
  '911030': { msg: '没有权限', status: 403 },
} as const

export type Code = keyof typeof codes

/** A rejection in the envelope: an official code and its cause. */
export class ScnetError extends Error {
  readonly code: string
  readonly data: unknown

  constructor(code: Code, detail = '', data: unknown = null) {
    super(detail === '' ? codes[code].msg : `${codes[code].msg}: ${detail}`)
    this.name = 'ScnetError'
    this.code = code
    this.data = data
  }
}

/** The message for both an invalid and an expired token, as clients have observed. */
export const tokenInvalid = () => new ScnetError('10008', '', 'token is invalid')

/** The success envelope. `msg` is "success", "SUCCESS" or a localized text, so clients must not rely on it. */
export function ok(data: unknown, msg = 'success'): ProviderResponse {
  return { status: 200, body: { code: '0', msg, data } }
}

/** The error envelope, with HTTP 200 unless configured otherwise. */
export function rejection(
  { code, message, data }: Pick<ScnetError, 'code' | 'message' | 'data'>,
  settings: ScnetSettings,
): ProviderResponse {
  const status = settings.errorsHaveStatus ? statusOf(code) : 200
  return { status, body: { [settings.errorsSayMessage ? 'message' : 'msg']: message, code, data } }
}

/** The read of a missing object is not documented: a configured code, or success with null data. */
export function unknownId(settings: ScnetSettings, id: string): ProviderResponse {
  if (settings.unknownIdCode === '0') return ok(null)
  const [code, message] = [settings.unknownIdCode, `${codes['10004'].msg}: ${id}`]
  return rejection({ code, message, data: null }, settings)
}

/** A raw error of the framework behind the gateway: no `code`, and a path without the service's prefix. */
export function frameworkError(status: number, call?: Pick<Call, 'target' | 'wallClockMs'>): ProviderResponse {
  const path = /\/v2\/[^?]*/.exec(call?.target ?? '')?.[0] ?? '/v2'
  const timestamp = new Date(call?.wallClockMs ?? Date.now()).toISOString().replace('Z', '+0000')
  return { status, body: { timestamp, status, error: STATUS_CODES[status] ?? 'Error', path } }
}

/** The response to a failure outside an operation; rate limits are not documented and use the framework's. */
export function failureResponse(failure: Failure, settings: ScnetSettings): ProviderResponse {
  switch (failure.what) {
    case 'unknown_route':
      return frameworkError(404)
    case 'too_large':
      return frameworkError(413)
    case 'rate_limited':
      return frameworkError(429)
    case 'bad_request':
      return frameworkError(400)
    case 'credentials':
      return rejection(failure.reason === 'forbidden' ? new ScnetError('10009') : tokenInvalid(), settings)
    case 'refused_in_200':
      return rejection(new ScnetError('10001'), settings)
    case 'server_error': {
      const isOwnError = failure.status === 500
      return isOwnError
        ? { ...rejection(new ScnetError('10001'), settings), status: 500 }
        : frameworkError(failure.status)
    }
  }
}

function statusOf(code: string): number {
  return Object.hasOwn(codes, code) ? codes[code as Code].status : 400
}

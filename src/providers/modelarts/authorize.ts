import { ProviderError } from '../provider-error.ts'
import type { HttpClient, ProviderClock } from '../session.ts'
import { isTokenRejected } from './errors.ts'
import type { Keys, Login, ModelartsCredentials, ModelartsSettings } from './settings.ts'
import { authorizationOf, sdkDate, type ToSign } from './signer.ts'
import { makeTokens } from './token.ts'

/**
 * Makes a call with the headers of `request` and the authentication headers. Rejects as `notSent` if it cannot
 * authenticate.
 */
export type Authorize = <T>(
  request: ToSign,
  signal: AbortSignal,
  call: (headers: Readonly<Record<string, string>>) => Promise<T>,
) => Promise<T>

interface Deps {
  http: HttpClient
  clock: ProviderClock
  settings: ModelartsSettings
  credentials: ModelartsCredentials
}

export function makeAuthorize({ credentials, ...deps }: Deps): Authorize {
  switch (credentials.by) {
    case 'keys':
      return byKeys(deps, credentials.keys)
    case 'password':
      return byToken(deps, credentials.login)
    case 'nothing':
      return () => {
        const { field, detail } = credentials
        return Promise.reject(new ProviderError('unauthenticated', detail, { field, notSent: true }))
      }
    default:
      return credentials satisfies never
  }
}

/** Signs each request when it is sent. A rejected signature is not retried: five in a row lock the key. */
function byKeys({ clock, settings }: Omit<Deps, 'credentials'>, keys: Keys): Authorize {
  return (request, _signal, call) => {
    const headers = {
      ...request.headers,
      'x-project-id': settings.projectId,
      'x-sdk-date': sdkDate(clock.now()),
      ...(keys.securityToken === undefined ? {} : { 'x-security-token': keys.securityToken }),
    }
    return call({ ...headers, authorization: authorizationOf({ ...request, headers }, keys) })
  }
}

/** Replaces a rejected token once. Rejections that a new token would also receive are not retried. */
function byToken(deps: Omit<Deps, 'credentials'>, login: Login): Authorize {
  const tokens = makeTokens({ ...deps, login })
  return async (request, signal, call) => {
    const outcome = await tokens.withToken(signal, async (token) => {
      try {
        return { value: await call({ ...request.headers, 'x-auth-token': token }) }
      } catch (error) {
        if (isTokenRejected(error)) throw error
        return { error }
      }
    })
    if ('error' in outcome) throw outcome.error
    return outcome.value
  }
}

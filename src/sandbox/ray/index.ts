import type { SandboxProvider } from '../provider.ts'
import { client } from './client.ts'
import { endedStates } from './lifecycle.ts'
import { forbidden, invalidToken, missingToken, serverError, traceback, unknownRoute } from './responses.ts'
import { rayOperations } from './routes.ts'
import type { RayAccount, RaySettings } from './wire.ts'

const accounts = [{ token: 'sandbox-ray-token-0123456789-0123456789-0123' }] as const satisfies readonly RayAccount[]

const settings: RaySettings = {
  listLagMs: 0,
  pendingMs: 200,
  runningMs: 400,
  stopMs: 0,
  startTimeoutMs: 900_000,
  failsHalfway: false,
  requiresToken: true,
  sessionName: 'session_2026-01-04_12-00-00_000001_1',
}

/** The head of a Ray cluster. https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html */
export const ray: SandboxProvider<RaySettings, RayAccount> = {
  id: 'ray',
  portOffset: 7,
  accounts,
  settings,
  client,
  endedStates,
  open: (context) => ({
    operations: rayOperations(context),
    authenticate({ headers: { authorization } }) {
      if (!context.settings.requiresToken) return null
      if (authorization === undefined) return missingToken
      return accounts.some(({ token }) => authorization === `Bearer ${token}`) ? null : invalidToken
    },
    failure(failure) {
      switch (failure.what) {
        case 'unknown_route':
          return unknownRoute
        case 'credentials':
          return failure.reason === 'forbidden' ? forbidden : invalidToken
        case 'bad_request':
          return serverError
        case 'too_large':
          return { status: 413, body: 'Maximum request body size 104857600 exceeded' }
        // Ray has no rate limit; a proxy in front of it may have one.
        case 'rate_limited':
          return { status: 429, body: 'Too Many Requests' }
        case 'refused_in_200':
          return { status: 200, body: traceback('job_head.py', 'in handle', 'RuntimeError: out of order') }
        case 'server_error':
          return failure.status === 500
            ? { status: 500, body: traceback('job_head.py', 'in handle', 'RuntimeError: out of order') }
            : { status: failure.status, body: 'Bad Gateway' }
      }
    },
  }),
}

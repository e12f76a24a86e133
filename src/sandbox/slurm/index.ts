import type { SandboxProvider } from '../provider.ts'
import { client } from './client.ts'
import { endedStates } from './lifecycle.ts'
import { authenticationFailure, envelope, unreadableQuery } from './responses.ts'
import { slurmOperations, unserved } from './routes.ts'
import { hasHeaders } from './tokens.ts'
import type { SlurmAccount, SlurmSettings } from './wire.ts'

const key = 'c2FuZGJveC1zbHVybS1qd3Qta2V5LW5vdC1hLXNlY3JldCE='
const accounts = [
  { user: 'sandbox01', key },
  { user: 'sandbox02', key },
] as const satisfies readonly SlurmAccount[]

const settings: SlurmSettings = {
  listLagMs: 0,
  pendingMs: 200,
  runningMs: 400,
  completingMs: 0,
  minJobAgeMs: 300_000,
  versions: 'v0.0.37,v0.0.38,v0.0.40,v0.0.41,v0.0.42,v0.0.43,v0.0.44,v0.0.45',
  release: '26.05.5',
  refusesUnknownFields: false,
  unknownField: '',
  isControllerDown: false,
}

const denied = { error_number: 2002, error: 'Access/permission denied', source: 'slurm_kill_job' }
const accessDenied = { status: 500, body: envelope('v0.0.38', [denied]) }

/** Slurm's REST daemon over one small cluster. https://slurm.schedmd.com/rest_api.html */
export const slurm: SandboxProvider<SlurmSettings, SlurmAccount> = {
  id: 'slurm',
  portOffset: 5,
  accounts,
  settings,
  client,
  endedStates,
  open: (context) => ({
    operations: slurmOperations(context, accounts),
    authenticate: (call) => (hasHeaders(call) ? null : authenticationFailure),
    failure(failure) {
      const errorBody = envelope('v0.0.38', [{ error_number: -1, error: 'Unspecified error' }])
      switch (failure.what) {
        case 'unknown_route':
          return unserved(context.settings)
        case 'credentials':
          return failure.reason === 'forbidden' ? accessDenied : authenticationFailure
        case 'bad_request':
        case 'too_large':
          return unreadableQuery
        // slurmrestd has no rate limit; a proxy in front of it may have one.
        case 'rate_limited':
          return { status: 429, body: 'Too Many Requests' }
        case 'refused_in_200':
          return { status: 200, body: errorBody }
        case 'server_error':
          return failure.status === 500
            ? { status: 500, body: errorBody }
            : { status: failure.status, body: 'Bad Gateway' }
      }
    },
  }),
}

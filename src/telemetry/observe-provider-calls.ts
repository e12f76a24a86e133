import type { Control, Driver } from '../providers/driver.ts'
import type { EndedCall } from '../providers/ended-call.ts'
import type { OpenProvider } from '../providers/provider.ts'
import { codeOf } from '../providers/provider-error.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'
import type { ProcessMetrics } from './metrics.ts'
import { type Ended, type MonotonicClock, timed } from './timed.ts'
import type { Tracing } from './tracing.ts'

interface Deps {
  metrics: Pick<ProcessMetrics, 'observe'>
  tracing: Pick<Tracing, 'span'>
  /** Called for each call; must not block. */
  record(call: EndedCall): void
  clock: MonotonicClock
}

/** Runs one call of a driver; `sent` is the spec that it sends. */
type Call = <R>(operation: string, run: () => Promise<R>, sent?: Spec<Kind>) => Promise<R>

/** Wraps the drivers of an open connection, so that every call over it is measured, recorded and traced. */
export function makeObserveProvider({ metrics, tracing, record, clock }: Deps) {
  return (provider: string, connectionId: string, { drivers, discover, verify }: OpenProvider): OpenProvider => {
    const call: Call = (operation, run, sent) => {
      const attributes = { 'switchyard.provider': provider, 'switchyard.operation': operation }
      return tracing.span({ name: `${provider} ${operation}`, kind: 'internal', attributes }, (span) =>
        timed(clock, run, (ended) => {
          const code = ended.ok ? 'ok' : codeOf(ended.error)
          metrics.observe('provider_call_duration_seconds', { provider, operation, code }, ended.seconds)
          record({ connectionId, operation, ...resultOf(ended), ...sentOf(sent) })
          if (!ended.ok) span.fail(code)
        }),
      )
    }
    const { job, environment } = drivers
    return {
      drivers: {
        ...(job && { job: observedDriver(job, call) }),
        ...(environment && { environment: observedDriver(environment, call) }),
      },
      ...(discover && { discover: (signal) => call('discover', () => discover(signal)) }),
      verify: (signal) => call('verify', () => verify(signal)),
    }
  }
}

function resultOf(ended: Ended<unknown>): Pick<EndedCall, 'seconds' | 'error'> {
  const { seconds } = ended
  return ended.ok ? { seconds } : { seconds, error: ended.error }
}

function sentOf(sent: Spec<Kind> | undefined): Pick<EndedCall, 'environmentVariables'> {
  return sent === undefined ? {} : { environmentVariables: sent.environmentVariables ?? {} }
}

/** Missing methods stay missing: they are missing capabilities. */
function observedDriver<K extends Kind>(driver: Driver<K>, call: Call): Driver<K> {
  const { dryRun, prepare, whyGone, update, logs, access, catalog } = driver
  return {
    ...driver,
    create: (intent, signal) => call('create', () => driver.create(intent, signal), intent.spec),
    find: (intents, signal) => call('find', () => driver.find(intents, signal)),
    get: (remoteId, signal) => call('get', () => driver.get(remoteId, signal)),
    list: (page, signal) => call('list', () => driver.list(page, signal)),
    controls: observedControls(driver.controls, call),
    ...(dryRun && { dryRun: (...args) => call('dryRun', () => dryRun.apply(driver, args), args[0].spec) }),
    ...(prepare && { prepare: (...args) => call('prepare', () => prepare.apply(driver, args)) }),
    ...(whyGone && { whyGone: (...args) => call('whyGone', () => whyGone.apply(driver, args)) }),
    ...(update && { update: (...args) => call('update', () => update.apply(driver, args), args[1]) }),
    ...(logs && { logs: (...args) => call('logs', () => logs.apply(driver, args)) }),
    ...(access && { access: (...args) => call('access', () => access.apply(driver, args)) }),
    ...(catalog && { catalog: (signal) => call('catalog', () => catalog.call(driver, signal)) }),
  }
}

function observedControls<K extends Kind>(controls: Driver<K>['controls'], call: Call): Driver<K>['controls'] {
  const entries = Object.entries(controls) as [string, Control<K>][]
  const observed = entries.map(([action, control]): [string, Control<K>] => [
    action,
    (...args) => call(action, () => control(...args)),
  ])
  return Object.fromEntries(observed) as Driver<K>['controls']
}

import { setTimeout as sleep } from 'node:timers/promises'
import { makeEngine } from '../../src/container/engine.ts'
import { type Database, Prisma } from '../../src/infra/database.ts'
import type { Driver } from '../../src/providers/driver.ts'
import type { Intent } from '../../src/providers/intent.ts'
import type { OpenProvider, Provider } from '../../src/providers/provider.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import type { Guard } from './options.ts'
import type { ChaosTiming } from './timing.ts'

/** A workload of this name has its first write held back until every deadline is past, as by a frozen process. */
export const frozenName = 'frozen'

export interface GuardParts {
  timing: Pick<ChaosTiming, 'traits' | 'freezeMs'>
  without: Guard | null
}

/** The providers with the waits of this run, and without the guard that is to be taken out. */
export function chaosProviders(parts: GuardParts): readonly Provider[] {
  return providers.map((provider) => ({
    ...provider,
    open: (session): OpenProvider => {
      const { drivers, ...opened } = provider.open(session)
      const { job, environment } = drivers
      return {
        ...opened,
        drivers: {
          ...(job === undefined ? {} : { job: chaosDriver(job, parts) }),
          ...(environment === undefined ? {} : { environment: chaosDriver(environment, parts) }),
        },
      }
    },
  }))
}

function chaosDriver<K extends Kind>(driver: Driver<K>, { timing, without }: GuardParts): Driver<K> {
  const waits = without === 'settling' ? { maxProcessingMs: 0, listConsistencyLagMs: 0 } : timing.traits
  const find: Driver<K>['find'] = async (intents) =>
    new Map(intents.map(({ correlationTag }) => [correlationTag, { absent: true }]))
  return {
    ...driver,
    traits: { ...driver.traits, ...waits },
    ...(without === 'find' ? { find } : {}),
    async create(intent, signal) {
      const unfenced = { ...intent, sendBy: { at: new Date(8.64e15), monotonicMs: Number.POSITIVE_INFINITY } }
      const sent = without === 'fence' ? unfenced : intent
      if (!isToFreeze(intent)) return driver.create(sent, signal)
      // Timers of a frozen process do not fire either, so only the deadline in the intent is left to hold this back.
      await sleep(timing.freezeMs)
      return driver.create(sent, AbortSignal.timeout(timing.freezeMs))
    },
  }
}

/** Of the first attempt only. */
function isToFreeze({ spec, firstSentAt }: Intent): boolean {
  return spec.name.startsWith(frozenName) && Math.abs(Date.now() - firstSentAt.getTime()) < 2000
}

/** The engine, whose writes may be made to overwrite a request that came in while the lease was held. */
export function chaosEngine(without: Guard | null): typeof makeEngine {
  if (without !== 'generation') return makeEngine
  return (deps) => makeEngine({ ...deps, database: forgetful(deps.database) })
}

function forgetful({ prisma, sql }: Pick<Database, 'prisma' | 'sql'>): Pick<Database, 'prisma' | 'sql'> {
  return { prisma, sql: { rows: (statement) => sql.rows(withoutWakeUps(statement)) } }
}

const wakeUp = 'w.due_at IS DISTINCT FROM w.lease_until'

/** The write keeps a due time that somebody set while the lease was held; without that it sets its own. */
function withoutWakeUps(sql: Prisma.Sql): Prisma.Sql {
  if (!sql.sql.includes('"whereLease"')) return sql
  if (!sql.sql.includes(wakeUp)) throw new Error('the statement that writes has no such guard any more')
  return Prisma.sql(
    sql.strings.map((part) => part.replace(wakeUp, 'false')),
    ...sql.values,
  )
}

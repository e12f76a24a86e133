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

/** The first create of workloads with this name is delayed beyond every deadline, as by a suspended process. */
export const frozenName = 'frozen'

export interface GuardParts {
  timing: Pick<ChaosTiming, 'traits' | 'freezeMs'>
  without: Guard | null
}

/** The providers with the traits of this run, without the disabled safeguard. */
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
  const traits = without === 'settling' ? { maxProcessingMs: 0, listConsistencyLagMs: 0 } : timing.traits
  const find: Driver<K>['find'] = async (intents) =>
    new Map(intents.map(({ correlationTag }) => [correlationTag, { absent: true }]))
  return {
    ...driver,
    traits: { ...driver.traits, ...traits },
    ...(without === 'find' ? { find } : {}),
    async create(intent, signal) {
      const withoutDeadline = { ...intent, sendBy: { at: new Date(8.64e15), monotonicMs: Number.POSITIVE_INFINITY } }
      const sent = without === 'fence' ? withoutDeadline : intent
      if (!isDelayed(intent)) return driver.create(sent, signal)
      // A suspended process fires no timers either, so only the deadline in the intent can prevent this write.
      await sleep(timing.freezeMs)
      return driver.create(sent, AbortSignal.timeout(timing.freezeMs))
    },
  }
}

/** Only the first attempt is delayed. */
function isDelayed({ spec, firstSentAt }: Intent): boolean {
  return spec.name.startsWith(frozenName) && Math.abs(Date.now() - firstSentAt.getTime()) < 2000
}

/** The engine; without the guard `generation`, its writes overwrite requests made while the lease was held. */
export function chaosEngine(without: Guard | null): typeof makeEngine {
  if (without !== 'generation') return makeEngine
  return (deps) => makeEngine({ ...deps, database: ignoringWakeUps(deps.database) })
}

function ignoringWakeUps({ prisma, sql }: Pick<Database, 'prisma' | 'sql'>): Pick<Database, 'prisma' | 'sql'> {
  return { prisma, sql: { rows: (statement) => sql.rows(withoutWakeUps(statement)) } }
}

const wakeUp = 'w.due_at IS DISTINCT FROM w.lease_until'

/** A write keeps a due time set while the lease was held; without this rule it sets a new one. */
function withoutWakeUps(sql: Prisma.Sql): Prisma.Sql {
  if (!sql.sql.includes('"whereLease"')) return sql
  if (!sql.sql.includes(wakeUp)) throw new Error('the write statement no longer has this guard')
  return Prisma.sql(
    sql.strings.map((part) => part.replace(wakeUp, 'false')),
    ...sql.values,
  )
}

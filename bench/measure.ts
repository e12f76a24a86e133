import type { Figures } from './figures.ts'
import type { Stack } from './stack.ts'
import { cpuSeconds, databaseUse, rssMiB } from './usage.ts'

/** Process ids by the name used in the figures. */
export type Processes = Readonly<Record<string, number>>

const sampleMs = 100

/**
 * Starts counting the database's work; `end` returns figures per unit. The bench's own transactions are excluded. No
 * other client may be connected at either end.
 */
export async function countDatabase(stack: Stack): Promise<{ end(units: number): Promise<Figures> }> {
  const before = { ...(await databaseUse(stack.pool)), own: stack.ownCommits() }
  return {
    async end(units) {
      const own = stack.ownCommits() - before.own
      const after = await databaseUse(stack.pool)
      return {
        'WAL KiB': (after.walKiB - before.walKiB) / units,
        commits: (after.commits - before.commits - own) / units,
        statements: (after.statements - before.statements) / units,
      }
    },
  }
}

/** Starts measuring CPU and memory of processes, Postgres included; `end` returns figures per unit. */
export async function watchProcesses(
  stack: Stack,
  processes: Processes,
): Promise<{ end(units: number): Promise<Figures> }> {
  const readCpu = async (): Promise<Record<string, number>> => {
    const read: Record<string, number> = {}
    for (const [name, pid] of Object.entries({ ...processes, redis: stack.redis.pid }))
      read[name] = await cpuSeconds(pid)
    const [postgres, own] = [await cpuSeconds(stack.postgresPid, true), await cpuSeconds(stack.ownBackendPid)]
    return { ...read, postgres: postgres - own }
  }
  const highest = new Map<string, number>()
  const sample = async () => {
    for (const [name, pid] of Object.entries(processes))
      highest.set(name, Math.max(highest.get(name) ?? 0, await rssMiB(pid)))
  }
  await sample()
  const timer = setInterval(() => void sample(), sampleMs)
  const before = await readCpu()
  return {
    async end(units) {
      const after = await readCpu()
      clearInterval(timer)
      const cpu = Object.entries(after).map(([name, seconds]) => {
        const used = seconds - (before[name] ?? 0)
        return [`${name} CPU ms`, (used * 1000) / units]
      })
      const rss = [...highest].map(([name, mebibytes]) => [`${name} RSS MiB`, mebibytes])
      return Object.fromEntries([...cpu, ...rss])
    },
  }
}

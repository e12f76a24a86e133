import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultInput } from '../../src/sandbox/faults.ts'

/** The sandbox's faults as the run wants them, also after the sandbox was restarted. */
export interface FaultBoard {
  add(fault: FaultInput): Promise<() => Promise<void>>
  /** Adds up what has struck so far; the sandbox drops it with its restart. */
  count(): Promise<void>
  /** Puts up again what a restart of the sandbox has dropped. */
  restore(): Promise<void>
  clear(): Promise<void>
  /** How often each kind has struck. */
  struck(): Record<string, number>
}

export function makeFaultBoard(sandboxUrl: string): FaultBoard {
  const standing = new Map<FaultInput, string>()
  const total: Record<string, number> = {}
  const url = `${sandboxUrl}/_sandbox/faults`

  async function post(fault: FaultInput): Promise<void> {
    const response = await patiently(() =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) }),
    )
    if (!response.ok) throw new Error(`the sandbox refused a fault: ${await response.text()}`)
    standing.set(fault, ((await response.json()) as { id: string }).id)
  }

  async function remove(fault: FaultInput): Promise<void> {
    const id = standing.get(fault)
    standing.delete(fault)
    if (id !== undefined) await patiently(() => fetch(`${url}/${id}`, { method: 'DELETE' }))
  }

  async function count(): Promise<void> {
    const { fired } = (await (await fetch(url)).json()) as { fired: { kind: string }[] }
    for (const { kind } of fired) total[kind] = (total[kind] ?? 0) + 1
  }

  return {
    async add(fault) {
      await post(fault)
      return () => remove(fault)
    },
    count,
    async restore() {
      for (const fault of [...standing.keys()]) await post(fault)
    },
    async clear() {
      await count()
      standing.clear()
      await patiently(() => fetch(url, { method: 'DELETE' }))
    },
    struck: () => total,
  }
}

/** The sandbox may just be restarting. */
async function patiently(call: () => Promise<Response>): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (tries >= 100) throw error
      await sleep(200)
    }
  }
}

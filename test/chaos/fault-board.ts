import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultInput } from '../../src/sandbox/faults.ts'

/** The faults of the sandbox, restored after its restart. */
export interface FaultBoard {
  add(fault: FaultInput): Promise<() => Promise<void>>
  /** Adds the fired faults to the totals; a restart of the sandbox clears them. */
  count(): Promise<void>
  /** Adds the current faults again after a restart of the sandbox. */
  restore(): Promise<void>
  clear(): Promise<void>
  /** Number of fired faults by kind. */
  counts(): Record<string, number>
}

export function makeFaultBoard(sandboxUrl: string): FaultBoard {
  const current = new Map<FaultInput, string>()
  const total: Record<string, number> = {}
  const url = `${sandboxUrl}/_sandbox/faults`

  async function post(fault: FaultInput): Promise<void> {
    const response = await retrying(() =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) }),
    )
    if (!response.ok) throw new Error(`the sandbox rejected a fault: ${await response.text()}`)
    current.set(fault, ((await response.json()) as { id: string }).id)
  }

  async function remove(fault: FaultInput): Promise<void> {
    const id = current.get(fault)
    current.delete(fault)
    if (id !== undefined) await retrying(() => fetch(`${url}/${id}`, { method: 'DELETE' }))
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
      for (const fault of [...current.keys()]) await post(fault)
    },
    async clear() {
      await count()
      current.clear()
      await retrying(() => fetch(url, { method: 'DELETE' }))
    },
    counts: () => total,
  }
}

/** Retries while the sandbox restarts. */
async function retrying(call: () => Promise<Response>): Promise<Response> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (tries >= 100) throw error
      await sleep(200)
    }
  }
}

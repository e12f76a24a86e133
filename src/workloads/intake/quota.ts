import type { Quota } from '../../vocabulary/quota.ts'

/** What a project has now, and what it may have. */
export interface WorkloadUsage {
  quota: Pick<Quota, 'activeWorkloads' | 'accelerators'>
  activeWorkloads: number
  accelerators: number
}

/** A workload that was not recorded since its project has too much already, with the numbers. */
export interface OverQuota {
  overQuota: string
}

interface Wanted {
  id: string
  projectId: string
  accelerators: number
}

/** Who fits, first come first served. One that is too large does not keep out a smaller one that came later. */
export function pickFitting<W extends Wanted>(
  news: readonly W[],
  usages: ReadonlyMap<string, WorkloadUsage>,
): { fitting: W[]; others: Map<string, OverQuota> } {
  const used = new Map(usages)
  const fitting: W[] = []
  const others = new Map<string, OverQuota>()
  for (const item of news) {
    const usage = used.get(item.projectId)
    const overQuota = usage === undefined ? null : beyond(usage, item.accelerators)
    if (overQuota !== null) others.set(item.id, { overQuota })
    else fitting.push(item)
    if (usage !== undefined && overQuota === null) used.set(item.projectId, withOneMore(usage, item.accelerators))
  }
  return { fitting, others }
}

function beyond({ quota, activeWorkloads, accelerators }: WorkloadUsage, asked: number): string | null {
  if (quota.activeWorkloads !== undefined && activeWorkloads + 1 > quota.activeWorkloads)
    return `${activeWorkloads} of ${quota.activeWorkloads} active jobs and environments`
  if (asked > 0 && quota.accelerators !== undefined && accelerators + asked > quota.accelerators)
    return `${accelerators} of ${quota.accelerators} accelerators, and this asks for ${asked}`
  return null
}

function withOneMore(usage: WorkloadUsage, accelerators: number): WorkloadUsage {
  return {
    ...usage,
    activeWorkloads: usage.activeWorkloads + 1,
    accelerators: usage.accelerators + accelerators,
  }
}

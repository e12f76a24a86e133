import type { Quota } from '../../vocabulary/quota.ts'

/** Current usage and quota of a project. */
export interface WorkloadUsage {
  quota: Pick<Quota, 'activeWorkloads' | 'accelerators'>
  activeWorkloads: number
  accelerators: number
}

/** Usage and limit of a workload that exceeds its quota. */
export interface OverQuota {
  overQuota: string
}

interface Requested {
  id: string
  projectId: string
  accelerators: number
}

/** Picks what fits, in order. One that is too large does not block a smaller one after it. */
export function pickFitting<W extends Requested>(
  candidates: readonly W[],
  usages: ReadonlyMap<string, WorkloadUsage>,
): { fitting: W[]; others: Map<string, OverQuota> } {
  const used = new Map(usages)
  const fitting: W[] = []
  const others = new Map<string, OverQuota>()
  for (const item of candidates) {
    const usage = used.get(item.projectId)
    const overQuota = usage === undefined ? null : exceeded(usage, item.accelerators)
    if (overQuota !== null) others.set(item.id, { overQuota })
    else fitting.push(item)
    if (usage !== undefined && overQuota === null) used.set(item.projectId, withOneMore(usage, item.accelerators))
  }
  return { fitting, others }
}

function exceeded({ quota, activeWorkloads, accelerators }: WorkloadUsage, requested: number): string | null {
  if (quota.activeWorkloads !== undefined && activeWorkloads + 1 > quota.activeWorkloads)
    return `${activeWorkloads} of ${quota.activeWorkloads} active jobs and environments`
  if (requested > 0 && quota.accelerators !== undefined && accelerators + requested > quota.accelerators)
    return `${accelerators} of ${quota.accelerators} accelerators, and this asks for ${requested}`
  return null
}

function withOneMore(usage: WorkloadUsage, accelerators: number): WorkloadUsage {
  return {
    ...usage,
    activeWorkloads: usage.activeWorkloads + 1,
    accelerators: usage.accelerators + accelerators,
  }
}

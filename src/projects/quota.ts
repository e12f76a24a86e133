import { Refusal } from '../vocabulary/refusal.ts'
import type { ProjectsRepository } from './projects.repository.ts'

/**
 * Refuses what would go beyond a project's quota, with the numbers. It is checked before the record is made and without
 * a lock: requests that arrive at the very same moment may go beyond it by as many as there are of them.
 */
export function makeQuota({ usage }: Pick<ProjectsRepository, 'usage'>) {
  return {
    async beforeWorkload(projectId: string, accelerators: number): Promise<void> {
      const used = await usage(projectId)
      if (used === null) return
      const { quota } = used
      if (quota.activeWorkloads !== undefined && used.activeWorkloads + 1 > quota.activeWorkloads)
        throw exceeded(`${used.activeWorkloads} of ${quota.activeWorkloads} active jobs and environments`)
      if (accelerators > 0 && quota.accelerators !== undefined && used.accelerators + accelerators > quota.accelerators)
        throw exceeded(`${used.accelerators} of ${quota.accelerators} accelerators, and this asks for ${accelerators}`)
    },

    async beforeConnection(projectId: string): Promise<void> {
      const used = await usage(projectId)
      if (used === null || used.quota.connections === undefined || used.connections < used.quota.connections) return
      throw exceeded(`${used.connections} of ${used.quota.connections} connections`)
    },
  }
}

function exceeded(numbers: string): Refusal {
  return new Refusal(
    'quota_exceeded',
    `The project uses ${numbers}. End some of them, or ask an administrator for a larger quota.`,
  )
}

import type { FaultInput } from '../../src/sandbox/faults.ts'
import { startSandbox } from '../../src/sandbox/server.ts'

// Sandboxes of the bench in a separate process. Each message returns the call counts of the first.

process.once('disconnect', () => process.exit(0))
const count = Number(process.env.COUNT ?? 1)
const sandboxes = await Promise.all(
  Array.from({ length: count }, () =>
    startSandbox({ settings: { slurm: { runningMs: 3_600_000, ...JSON.parse(process.env.SLURM ?? '{}') } } }),
  ),
)
process.on('message', ({ reset, fault }: { reset?: true; fault?: FaultInput }) => {
  for (const sandbox of sandboxes) {
    if (reset) sandbox.reset()
    if (fault !== undefined) sandbox.faults.add(fault)
  }
  process.send?.(sandboxes[0]?.calls())
})
const [first, ...others] = sandboxes.map(({ urls, accounts }) => ({ urls, accounts }))
process.send?.({ ...first, others })

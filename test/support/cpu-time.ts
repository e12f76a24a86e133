/** CPU time in milliseconds, independent of other load on the machine. */
export function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Limit for a text of one megabyte: linear work takes far less, quadratic work takes minutes. */
export const maxCpuMs = 4000

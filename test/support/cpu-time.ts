/** Milliseconds of processor time, which other work on the machine does not lengthen. */
export function cpuMsOf(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Work that goes over a text of a megabyte a number of times takes far less; work that grows with its square, minutes. */
export const mostCpuMs = 4000

/** Longest iteration of the event loop during `work`, in milliseconds of CPU time of this thread, excluding other load. */
export async function longestPassMs(work: () => Promise<unknown>): Promise<number> {
  let [longest, isDone] = [0, false]
  let before = process.threadCpuUsage()
  const measure = () => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1000)
    before = process.threadCpuUsage()
    if (!isDone) setImmediate(measure)
  }
  setImmediate(measure)
  await work()
  isDone = true
  return longest
}

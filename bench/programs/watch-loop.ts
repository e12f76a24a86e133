import { monitorEventLoopDelay } from 'node:perf_hooks'

// Loaded into a process that is measured, before its own code: each message is answered with the longest time, in
// milliseconds, that its event loop has stood still since the last one.

const resolution = 10
const delay = monitorEventLoopDelay({ resolution })
delay.enable()
process.on('message', () => {
  process.send?.(delay.max / 1e6 - resolution)
  delay.reset()
})
// Whoever asks does not keep the process alive.
process.channel?.unref()

import { monitorEventLoopDelay } from 'node:perf_hooks'

// Preloaded into a measured process: each message returns the longest block of its event loop, in milliseconds, since
// the previous one.

const resolution = 10
const delay = monitorEventLoopDelay({ resolution })
delay.enable()
process.on('message', () => {
  process.send?.(delay.max / 1e6 - resolution)
  delay.reset()
})
// The IPC channel must not keep the process alive.
process.channel?.unref()

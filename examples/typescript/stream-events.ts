// Prints the events of the project as they occur. Ends with Ctrl-C.
import { Switchyard } from '@switchyard/client'

const client = new Switchyard()
// Reconnects and resumes where it stopped.
for await (const { at, type, recordId } of client.events.stream()) process.stdout.write(`${at} ${type} ${recordId}\n`)

// Submits a job, prints its log while it runs, and exits with 1 unless it has succeeded.
import { Switchyard } from '@switchyard/client'

const client = new Switchyard()
const job = await client.jobs.submit({
  provider: 'modelarts',
  name: 'train',
  image: 'deep-learning/pytorch:2.1',
  script: 'echo training; python train.py',
  resources: { flavor: 'modelarts.vm.gpu.v100' },
})

for await (const { text } of client.jobs.followLogs(job.id)) process.stdout.write(text)

const { status, statusMessage } = await client.jobs.wait(job.id)
process.stdout.write(`${status} ${statusMessage ?? ''}\n`)
process.exitCode = status === 'succeeded' ? 0 : 1

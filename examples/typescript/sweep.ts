// Submits a hyper-parameter sweep as one batch, waits for all jobs, and prints how each ended.
import { Switchyard } from '@switchyard/client'

const client = new Switchyard()
const rates = [0.1, 0.01, 0.001]

const { results } = await client.jobs.submitBatch(
  rates.map((rate) => ({
    provider: 'modelarts',
    name: `train-${rate}`.replace('.', '-'),
    image: 'deep-learning/pytorch:2.1',
    script: `python train.py --learning-rate ${rate}`,
    resources: { flavor: 'modelarts.vm.gpu.v100' },
    labels: { sweep: 'learning-rate' },
  })),
)

for (const { index, job, problem } of results) {
  const ended = job === undefined ? problem?.detail : (await client.jobs.wait(job.id)).status
  process.stdout.write(`learning rate ${rates[index]}: ${ended}\n`)
}

/** What the demo sends: the documents' own example requests in normalized form, provider by provider. */
export interface Story {
  provider: string
  title: string
  environment: object
  jobs: readonly object[]
}

const resources = { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } }

export const stories: readonly Story[] = [
  {
    provider: 'dataforest',
    title: 'Data Forest: an AI workspace and an AI app',
    environment: {
      provider: 'dataforest',
      name: 'api-test',
      description: 'test',
      image: 'tensorflow:r2.3.1-py3',
      command: ['ls'],
      workingDirectory: '/root/',
      queue: 'gpu',
      resources,
      inputs: [{ source: 'string', path: 'string' }],
      outputs: [{ destination: 'string', path: 'string', overwrite: true }],
      providerOptions: { dataforest: { configurationName: 'test', userPackageUri: 'string' } },
    },
    jobs: [
      {
        name: 'train',
        image: 'tensorflow:r2.3.1-py3',
        script: 'python train.py',
        workingDirectory: 'api-test',
        queue: 'gpu',
        resources,
        inputs: [{ source: '/user/acct/data_in', path: 'data_in' }],
        outputs: [{ destination: '/user/acct/data_out', path: 'data_out', overwrite: false }],
      },
    ],
  },
]

import { at, ids } from './ids.ts'

/** Requests and records of jobs and environments: the demo's requests, and what the service returns for them. */

const gpu = { cpus: 1, memoryMiB: 1024, accelerator: { kind: 'gpu', model: 'T4', count: 1 } }

export const jobRequests = {
  script: { summary: 'A batch script', value: { provider: 'slurm', name: 'hello', script: '#!/bin/sh\nenv\n' } },
  training: {
    summary: 'A training with data',
    value: {
      ...{ provider: 'modelarts', name: 'train-resnet', image: 'deep-learning/pytorch:2.1' },
      script: 'echo training; python train.py',
      resources: { flavor: 'modelarts.vm.gpu.v100' },
      inputs: [{ name: 'data_url', source: '/bucket/data/', path: '/data' }],
      outputs: [{ name: 'train_url', destination: '/bucket/out/', path: '/out' }],
    },
  },
  inEnvironment: {
    summary: 'A job in an environment',
    value: {
      ...{ environmentId: ids.environment, name: 'train', image: 'tensorflow:r2.3.1-py3', script: 'python train.py' },
      ...{ workingDirectory: 'api-test', queue: 'gpu', resources: gpu },
      inputs: [{ source: '/user/acct/data_in', path: 'data_in' }],
      outputs: [{ destination: '/user/acct/data_out', path: 'data_out', overwrite: false }],
    },
  },
}

export const environmentRequests = {
  notebook: { summary: 'A notebook server', value: { provider: 'jupyterhub', name: 'notebook' } },
  workspace: {
    summary: 'A workspace with data',
    value: {
      ...{ provider: 'dataforest', name: 'api-test', description: 'test', image: 'tensorflow:r2.3.1-py3' },
      ...{ command: ['ls'], workingDirectory: '/root/', queue: 'gpu', resources: gpu },
      inputs: [{ source: 'string', path: 'string' }],
      outputs: [{ destination: 'string', path: 'string', overwrite: true }],
      providerOptions: { dataforest: { configurationName: 'test', userPackageUri: 'string' } },
    },
  },
  development: {
    summary: 'A development environment that stops automatically',
    value: {
      ...{ provider: 'modelarts', name: 'notebook-d115', image: 'Ascend-Power-Engine 1.0(python3)' },
      resources: { flavor: 'modelarts.kat1.xlarge' },
      storage: { type: 'obs', source: '/aaaaaaaaa/output/' },
      autoStop: { afterSeconds: 3600 },
      providerOptions: { modelarts: { workspaceId: '0' } },
    },
  },
}

const { provider: _, ...script } = jobRequests.script.value
const accepted = { id: ids.job, provider: 'slurm', connectionId: ids.connection, labels: {} }

/** As returned by the submission. */
export const queuedJob = {
  ...{ ...accepted, version: 1, status: 'queued', statusChangedAt: at(0), actions: ['cancel'] },
  ...{ imported: false, createdAt: at(0), updatedAt: at(0), ...script },
  ...{ workingDirectory: '/home/alice', resources: { nodes: 1 } },
}

export const finishedJob = {
  ...{ ...queuedJob, version: 4, status: 'succeeded', statusChangedAt: at(70), actions: [], updatedAt: at(70) },
  ...{ dispatchedAt: at(1), startedAt: at(5), endedAt: at(69), exitCode: 0 },
  remote: { id: '4711', name: 'hello', state: 'COMPLETED' },
}

/** As returned by an import, before the job is read. */
export const importedJob = {
  ...{ ...accepted, version: 1, status: 'pending', statusChangedAt: at(0), actions: ['cancel'], imported: true },
  ...{ createdAt: at(0), updatedAt: at(0), name: 'nightly', labels: { team: 'vision' }, remote: { id: '4712' } },
}

export const canceledJob = { ...queuedJob, version: 2, updatedAt: at(1), cancelRequestedAt: at(1) }

export const queuedEnvironment = {
  ...{ id: ids.environment, provider: 'jupyterhub', connectionId: ids.connection, labels: {}, version: 1 },
  ...{ status: 'queued', statusChangedAt: at(0), actions: ['delete'], createdAt: at(0), updatedAt: at(0) },
  ...{ imported: false, name: 'notebook' },
}

export const runningEnvironment = {
  ...{
    ...queuedEnvironment,
    version: 4,
    status: 'running',
    statusChangedAt: at(9),
    actions: ['stop', 'delete', 'access'],
  },
  ...{ updatedAt: at(9), dispatchedAt: at(1), startedAt: at(9) },
  remote: { id: 'alice/notebook', name: 'notebook', state: 'ready' },
}

/** With an accepted action that has not been sent yet. */
export const changingEnvironment = (requestedAction: 'start' | 'stop' | 'delete') => ({
  ...runningEnvironment,
  ...{ version: 5, updatedAt: at(60), requestedAction },
  ...(requestedAction === 'start' && { status: 'stopped', actions: ['start', 'delete'] }),
  ...(requestedAction === 'delete' && { deleteRequestedAt: at(60) }),
})

const effectiveJob = { ...script, workingDirectory: '/home/alice', resources: { nodes: 1 } }
export const previews = {
  job: {
    ...{ valid: true, problems: [], effectiveRequest: effectiveJob },
    request: {
      ...{ method: 'POST', url: 'https://slurm.example.com/slurm/v0.0.38/job/submit' },
      headers: { 'content-type': 'application/json' },
      body: {
        script: script.script,
        job: { name: 'hello', comment: '[sy:a1b2c3d4e5f6]', nodes: 1, current_working_directory: '/home/alice' },
      },
    },
  },
  environment: {
    ...{ valid: true, problems: [], effectiveRequest: { name: 'notebook' } },
    request: {
      ...{ method: 'POST', url: 'https://hub.example.com/hub/api/users/alice/servers/notebook-sya1b2c3d4e5f6' },
      ...{ headers: { 'content-type': 'application/json' }, body: {} },
    },
  },
}

export const patches = {
  job: {
    labels: { summary: 'Change labels', value: { labels: { team: 'vision', draft: null } } },
    hold: { summary: 'Suspend provider calls', value: { held: true } },
  },
  environment: {
    labels: { summary: 'Change labels', value: { labels: { team: 'vision', draft: null } } },
    options: {
      summary: 'Bind datasets to a service',
      value: { providerOptions: { aitems: { datasetIds: { user: 'd1', item: 'd2', interaction: 'd3' } } } },
    },
  },
}

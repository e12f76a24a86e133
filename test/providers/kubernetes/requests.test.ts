import { describe, expect, it } from 'vitest'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import { kubernetesProvider } from '../../../src/providers/kubernetes/index.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const clock = makeFixedClock('2026-01-05T12:00:00.000Z')
const baseUrl = 'https://kubernetes.example.com/clusters/a'
const http = makeHttpClient({ baseUrl, clock, connectTimeoutMs: 1, timeoutMs: 1, maxResponseBytes: 1 })

function planOf(spec: Partial<JobSpec>, settings: object = {}) {
  const session = { settings: { baseUrl, namespace: 'training', ...settings }, credentials: { token: 'secret' } }
  const { job } = kubernetesProvider.open({ ...session, http, clock }).drivers
  const sendBy = { at: clock.now(), monotonicMs: 0 }
  const intent = {
    correlationTag: 'mabc23456789',
    spec: { name: 'train', image: 'busybox', ...spec },
    ...{ environmentRemoteId: null, before: null, sendBy, firstSentAt: clock.now() },
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests read parts of the body without its type
  return job?.plan(intent) as any
}

const podOf = (spec: Partial<JobSpec>, settings?: object) => planOf(spec, settings).body.spec.template.spec
const containerOf = (spec: Partial<JobSpec>) => podOf(spec).containers[0]

describe('Kubernetes Job request', () => {
  it('is minimal, runs once and validates its fields strictly', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'switchyard', 'switchyard/correlation-tag': 'mabc23456789' }
    expect(planOf({})).toEqual({
      method: 'POST',
      target: '/clusters/a/apis/batch/v1/namespaces/training/jobs?fieldValidation=Strict',
      headers: { 'content-type': 'application/json' },
      body: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'train-symabc23456789', labels },
        spec: {
          backoffLimit: 0,
          ttlSecondsAfterFinished: 604_800,
          template: {
            metadata: { labels },
            spec: {
              restartPolicy: 'Never',
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              containers: [{ name: 'main', image: 'busybox' }],
            },
          },
        },
      },
    })
  })

  it.each([
    ['a script for the shell', { script: 'echo $HOME $$' }, ['/bin/sh', '-c', 'echo $$HOME $$$$']],
    ['a script with a /bin/sh line', { script: '#!/bin/sh\nls\n' }, ['/bin/sh', '-c', '#!/bin/sh\nls\n']],
    ['a command', { command: ['echo', '$(HOME)', "it's"] }, ['echo', '$$(HOME)', "it's"]],
  ])('escapes the text of %s against expansion by Kubernetes', (_name, spec, command) => {
    expect(containerOf(spec).command).toEqual(command)
  })

  it('runs a script of another interpreter from a file', () => {
    const script = '#!/usr/bin/env python3\nprint(1)\n'
    const { command } = containerOf({ script })
    expect(command.slice(0, 2)).toEqual(['/bin/sh', '-c'])
    expect(command[2]).toContain('exec "$$f"')
    expect(command.slice(3)).toEqual(['script', script])
  })

  it('escapes variable values against expansion by Kubernetes', () => {
    expect(containerOf({ environmentVariables: { A: '$(PATH) $5' } }).env).toEqual([
      { name: 'A', value: '$$(PATH) $$5' },
    ])
  })

  it('requests accelerators with the resource and label of the connection', () => {
    const resources = { accelerator: { kind: 'npu' as const, count: 8, model: '910B' }, memoryMiB: 1024 }
    const settings = {
      acceleratorResources: { npu: 'huawei.com/Ascend910' },
      acceleratorModelLabel: 'node.example.com/npu',
    }
    const pod = podOf({ resources }, settings)
    const amounts = { memory: '1024Mi', 'huawei.com/Ascend910': '8' }
    expect(pod.containers[0].resources).toEqual({ limits: amounts, requests: amounts })
    expect(pod.nodeSelector).toEqual({ 'node.example.com/npu': '910B' })
  })

  it('is an indexed Job for several nodes', () => {
    expect(planOf({ resources: { nodes: 3 } }).body.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      backoffLimit: 0,
    })
  })

  it('limits the run time of the pod, not of the Job', () => {
    const { spec } = planOf({ timeLimitSeconds: 90 }).body
    expect(spec).not.toHaveProperty('activeDeadlineSeconds')
    expect(spec.template.spec.activeDeadlineSeconds).toBe(90)
  })

  it('is suspended for Kueue if it has a queue', () => {
    const { body } = planOf({ queue: 'night' }, { kueue: true })
    expect(body.metadata.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'night' })
    expect(body.spec.suspend).toBe(true)
  })

  it('mounts a claim once, with each of its directories', () => {
    const mounts = [
      { source: 'data', path: '/data', readOnly: true },
      { source: 'data/runs/7', path: '/out' },
      { source: 'home', path: '/home' },
    ]
    const pod = podOf({ mounts })
    expect(pod.volumes).toEqual([
      { name: 'claim-0', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'claim-1', persistentVolumeClaim: { claimName: 'home' } },
    ])
    expect(pod.containers[0].volumeMounts).toEqual([
      { name: 'claim-0', mountPath: '/data', readOnly: true },
      { name: 'claim-0', mountPath: '/out', subPath: 'runs/7' },
      { name: 'claim-1', mountPath: '/home' },
    ])
  })

  it('contains the pod settings of the connection', () => {
    const settings = {
      nodeSelector: ['pool=training'],
      tolerations: ['dedicated=gpu:NoSchedule', 'spot'],
      serviceAccount: 'trainer',
      imagePullSecret: 'registry',
      hostNetwork: true,
    }
    expect(podOf({}, settings)).toMatchObject({
      nodeSelector: { pool: 'training' },
      tolerations: [
        { key: 'dedicated', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' },
        { key: 'spot', operator: 'Exists' },
      ],
      serviceAccountName: 'trainer',
      imagePullSecrets: [{ name: 'registry' }],
      hostNetwork: true,
    })
  })
})

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The only image of the node, for jobs and as the pause container of pods. It needs no registry. */
export const image = 'localhost/busybox:1'

const programs = 'sh sleep echo cat env true false date kill ls head httpd wget id mktemp chmod dd test'

/** Writes an image with a static busybox as an archive in the format of `docker save`. */
export function writeImage(directory: string, busybox: string): string {
  const [root, parts] = [join(directory, 'root'), join(directory, 'image')]
  for (const name of ['bin', 'tmp', 'etc', 'proc', 'sys', 'dev']) mkdirSync(join(root, name), { recursive: true })
  mkdirSync(parts)
  copyFileSync(busybox, join(root, 'bin', 'busybox'))
  for (const name of programs.split(' ')) symlinkSync('busybox', join(root, 'bin', name))
  const tar = (from: string, to: string, files: readonly string[]) =>
    execFileSync('tar', ['--owner=0', '--group=0', '--mode=a+rwx', '-C', from, '-cf', to, ...files], { stdio: 'pipe' })
  const layer = join(parts, 'layer.tar')
  tar(root, layer, ['.'])
  const config = JSON.stringify({
    ...{ architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux' },
    config: { Env: ['PATH=/bin'], Entrypoint: ['/bin/sleep', '1000000000'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digestOf(readFileSync(layer))}`] },
  })
  const name = `${digestOf(config)}.json`
  writeFileSync(join(parts, name), config)
  writeFileSync(
    join(parts, 'manifest.json'),
    JSON.stringify([{ Config: name, RepoTags: [image], Layers: ['layer.tar'] }]),
  )
  const archive = join(directory, 'image.tar')
  tar(parts, archive, ['manifest.json', name, 'layer.tar'])
  return archive
}

const digestOf = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

// Runs a program of this project on Node 24, whatever Node the machine has:
//   node scripts/run.mjs src/main.ts serve      a file
//   node scripts/run.mjs vitest run             a program of node_modules/.bin
// and first does what a fresh clone lacks: npm ci, prisma generate. Plain JavaScript without dependencies, since it
// must itself run on Node 20 and before anything is installed. Its own messages go to standard error.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const binDir = join(root, 'node_modules', '.bin')
const oldestNode = [22, 19]

process.chdir(root)
const [program, ...args] = process.argv.slice(2)
if (program === undefined) fail('Usage: node scripts/run.mjs <file or program> [arguments]')

if (isInstallStale()) install()
const node = findNode()
process.env.PATH = [dirname(node), binDir, process.env.PATH].join(delimiter)
// Half of these threads may resolve names; a name server that does not respond occupies one for seconds.
process.env.UV_THREADPOOL_SIZE ??= '16'
// Node's compile cache, shared by later processes: starts take a third less time.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'node')
if (program !== 'prisma' && isClientStale()) generate()
// The service under load: without this Node lets the young generation grow to 128 MiB, without any gain in speed.
const flags = program === 'src/main.ts' ? ['--max-semi-space-size=16'] : []
become(node, [...flags, findProgram(program), ...args])

/** npm writes node_modules/.package-lock.json last; the stamp detects a lock file with new content. */
function isInstallStale() {
  const marker = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(marker) || !existsSync(binDir)) return true
  if (statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return false
  return readStamp(installStamp()) !== fingerprint('package-lock.json')
}

function install() {
  process.stderr.write('Installing dependencies (npm ci) ...\n')
  if (!isKnownToInstall())
    process.stderr.write(`Should that fail: take Node 22.19, 24, 26 or newer; this is ${process.versions.node}.\n`)
  // npm passes its own path to scripts, so the same version is used.
  const npm = process.env.npm_execpath
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  // Development dependencies hold Node 24 and the tests, and NODE_ENV=production would leave them out.
  runStep(command, [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'])
  writeFileSync(installStamp(), fingerprint('package-lock.json'))
}

/** Prisma's install script rejects other versions if npm runs it: allowScripts in package.json is for npm 11. */
function isKnownToInstall() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24
}

function installStamp() {
  return join(root, 'node_modules', '.switchyard-lock')
}

/** The client is generated code, not kept in git, and belongs to one schema and one version of Prisma. */
function isClientStale() {
  return !existsSync(join(root, 'src/generated/prisma/client.ts')) || readStamp(clientStamp()) !== clientFingerprint()
}

function generate() {
  process.stderr.write('Generating the Prisma client ...\n')
  runStep(node, [findProgram('prisma'), 'generate'], { PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' })
  writeFileSync(clientStamp(), clientFingerprint())
}

function clientStamp() {
  return join(root, 'src/generated/.stamp')
}

function clientFingerprint() {
  return fingerprint('prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json')
}

function fingerprint(...files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/** The binary that the npm package `node` carries, else the running Node if it is new enough. */
function findNode() {
  const packaged = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(packaged) && spawnSync(packaged, ['--version']).status === 0) return packaged
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return process.execPath
  return fail(
    `Node ${process.versions.node} cannot run TypeScript, and the npm package "node" did not bring its Node 24. ` +
      'Install Node 24, or let npm run install scripts (no ignore-scripts) and run npm ci again.',
  )
}

function findProgram(name) {
  if (name.includes('/')) return name
  const path = join(binDir, name)
  if (!existsSync(path)) fail(`node_modules/.bin has no program "${name}".`)
  return realpathSync(path)
}

function runStep(command, stepArgs, env = {}) {
  // Standard output stays clean for the program's own output.
  const { status, error } = spawnSync(command, stepArgs, {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...env },
  })
  if (status !== 0) fail(`${command} ${stepArgs.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

/** Replaces this process where Node can (22.15), so that signals reach the program itself; else passes them on. */
function become(command, commandArgs) {
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(command, [command, ...commandArgs], process.env)
  }
  const child = spawn(command, commandArgs, { stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  // A terminal's Ctrl-C has reached the child already; a second one would cut its shutdown short.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.on('error', (error) => fail(error.message))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

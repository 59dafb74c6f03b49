import { dirname } from 'node:path'
import { listFiles, readFile } from './tree.ts'

/** From the ground up. A package may depend only on packages that stand before it. */
const FLOORS = [
  ['proto'],
  ['log', 'db-resolver'],
  ['kernel'],
  ['rpc'],
  ['access', 'limits'],
  ['notify', 'files', 'links', 'search', 'observe'],
  ['identity', 'imports', 'gateway'],
  ['sdk'],
  ['sdk-react'],
  ['cli'],
  ['server'],
  ['console'],
  ['bench'],
]
/** Published alone: they speak HTTP, and know nothing of the server's inside. */
const OUTSIDE = new Map([
  ['sdk', new Set(['proto'])],
  ['sdk-react', new Set(['sdk'])],
  ['cli', new Set(['proto', 'sdk'])],
  ['console', new Set(['proto', 'sdk'])],
])
const IMPORT = /(?:^|[^.\w])(?:from|import)\s*\(?\s*'([^']+)'/g

interface Manifest {
  name: string
  exports?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/** Dependencies run one way, and a package is entered only by the doors that its manifest names. */
export function checkLayers(root: string): string[] {
  const manifests = new Map<string, Manifest>()
  const folders = new Map<string, string>()
  for (const path of listFiles(root, /^(proto|bench|(packages|apps)\/[^/]+)\/package\.json$/)) {
    const manifest = JSON.parse(readFile(root, path)) as Manifest
    manifests.set(manifest.name, manifest)
    folders.set(dirname(path), manifest.name)
  }
  const problems: string[] = []
  for (const manifest of manifests.values()) problems.push(...checkManifest(manifest))
  for (const [folder, name] of folders) {
    for (const path of listFiles(root, /\.(ts|tsx)$/)) {
      if (!path.startsWith(`${folder}/`)) continue
      for (const [, target] of readFile(root, path).matchAll(IMPORT)) {
        problems.push(...checkImport(path, folder, name, target as string, manifests))
      }
    }
  }
  return problems
}

function checkManifest(manifest: Manifest): string[] {
  const self = shortName(manifest.name)
  const floor = floorOf(self)
  if (floor < 0) return [`${manifest.name} stands on no floor; give it one in scripts/checks/layers.ts`]
  const problems: string[] = []
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (!name.startsWith('@mainstay/')) continue
    const other = shortName(name)
    const allowed = OUTSIDE.get(self)
    if (allowed ? !allowed.has(other) : floorOf(other) >= floor) {
      problems.push(`${manifest.name} may not depend on ${name}: dependencies run down the house`)
    }
  }
  return problems
}

function checkImport(
  path: string,
  folder: string,
  name: string,
  target: string,
  manifests: Map<string, Manifest>,
): string[] {
  if (target.startsWith('.')) {
    const resolved = new URL(target, `file:///${path}`).pathname.slice(1)
    return resolved.startsWith(`${folder}/`) ? [] : [`${path} reaches into another package: ${target}`]
  }
  if (!target.startsWith('@mainstay/')) return []
  const [scope, base, ...rest] = target.split('/')
  const owner = manifests.get(`${scope}/${base}`)
  if (!owner) return [`${path} imports ${target}, which is not in this repository`]
  const door = rest.length === 0 ? '.' : `./${rest.join('/')}`
  const problems: string[] = []
  if (!owner.exports?.[door]) problems.push(`${path} imports ${target}, which ${owner.name} does not export`)
  const self = manifests.get(name)
  const forTests = isForTests(path) || path.startsWith('bench/')
  if (door === './testing' && !forTests) problems.push(`${path} is not a test and imports ${target}`)
  const declared =
    owner.name === name ||
    self?.dependencies?.[owner.name] ||
    (forTests && self?.devDependencies?.[owner.name])
  if (!declared) problems.push(`${path} imports ${target}, which ${name} does not declare`)
  return problems
}

function isForTests(path: string): boolean {
  return /\.(test|heavy)\.tsx?$|\/(testing|test)\//.test(path)
}

function shortName(name: string): string {
  return name.replace('@mainstay/', '')
}

function floorOf(name: string): number {
  return FLOORS.findIndex((floor) => floor.includes(name))
}

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What is published, in the order in which one needs the other. */
export const PUBLISHED: readonly PublishedPackage[] = [
  { folder: 'proto' },
  // The client runs in browsers too: nothing of Node may be needed to compile it.
  { folder: 'packages/sdk', compile: { lib: ['es2022', 'dom', 'dom.iterable'], types: [] } },
  {
    folder: 'packages/sdk-react',
    compile: { lib: ['es2023', 'dom', 'dom.iterable'], types: [], jsx: 'react-jsx' },
  },
  { folder: 'packages/cli', compile: { lib: ['es2022', 'dom'], types: ['node'] } },
]

interface PublishedPackage {
  folder: string
  /** How its sources become JavaScript; without it, what lies there is JavaScript already. */
  compile?: Compile
}

interface Compile {
  lib: string[]
  types: string[]
  jsx?: 'react-jsx'
}

interface Manifest {
  name: string
  version: string
  private?: boolean
  exports: Record<string, string | { types: string; default: string }>
  bin?: Record<string, string>
  files: string[]
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/**
 * Lays out each published package as it will be installed, in `stage/node_modules/<name>`, and returns the folders.
 *
 * The repository itself runs the sources, so the manifests in it name `.ts` files and are private; the staged ones name
 * what was built. Packages are compiled against the staged ones before them, so what they export has to do.
 */
export function stagePackages(stage: string): string[] {
  return PUBLISHED.map(({ folder, compile }) => {
    const from = join(root, folder)
    const source = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Manifest
    const to = join(stage, 'node_modules', source.name)
    mkdirSync(to, { recursive: true })
    for (const path of source.files) if (existsSync(join(from, path))) copy(from, to, path)
    copy(from, to, 'README.md')
    copy(root, to, 'LICENSE')
    writeFileSync(join(to, 'package.json'), `${JSON.stringify(publishedManifest(source), null, 2)}\n`)
    linkDependencies(stage, source)
    if (compile) build(to, compile)
    return to
  })
}

/** The manifest as it is published: `./src/x.ts` becomes `./dist/x.js` with its types. */
function publishedManifest(source: Manifest): Omit<Manifest, 'private' | 'devDependencies'> {
  const { private: _, devDependencies: __, ...manifest } = source
  const exports = Object.entries(source.exports).map(([door, path]) => [door, publishedDoor(path)])
  const bin = Object.entries(source.bin ?? {}).map(([name, path]) => [name, inDist(path, 'js')])
  return {
    ...manifest,
    exports: Object.fromEntries(exports),
    ...(bin.length > 0 ? { bin: Object.fromEntries(bin) } : {}),
  }
}

function publishedDoor(path: Manifest['exports'][string]): Manifest['exports'][string] {
  if (typeof path !== 'string' || !path.startsWith('./src/')) return path
  return { types: inDist(path, 'd.ts'), default: inDist(path, 'js') }
}

function inDist(path: string, extension: string): string {
  return path.replace(/^\.\/src\//, './dist/').replace(/ts$/, extension)
}

function copy(from: string, to: string, path: string): void {
  const isTest = (name: string) => /\.(test|heavy)\.ts$/.test(name)
  cpSync(join(from, path), join(to, path), { recursive: true, filter: (name) => !isTest(name) })
}

/** Dependencies from elsewhere are the ones that are installed here. */
function linkDependencies(stage: string, { dependencies, peerDependencies }: Manifest): void {
  const peers = Object.keys(peerDependencies ?? {}).flatMap((name) => [name, `@types/${name}`])
  for (const name of [...Object.keys(dependencies ?? {}), ...peers]) {
    const link = join(stage, 'node_modules', name)
    if (existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link, 'junction')
  }
}

function build(folder: string, { lib, types, jsx }: Compile): void {
  const config = join(folder, 'tsconfig.json')
  const compilerOptions = {
    noEmit: false,
    outDir: 'dist',
    rootDir: 'src',
    target: 'es2022',
    declaration: true,
    declarationMap: true,
    sourceMap: true,
    skipLibCheck: false,
    lib,
    types,
    ...(jsx && { jsx }),
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const extended = join(root, 'tsconfig.base.json')
  writeFileSync(config, JSON.stringify({ extends: extended, compilerOptions, include: ['src'] }))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' })
}

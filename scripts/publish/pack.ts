import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

/** Packs folders as npm would publish them and returns the tarballs, in the order of the folders. */
export function packPackages(folders: string[], destination: string): string[] {
  mkdirSync(destination, { recursive: true })
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', destination]
  const packed = execFileSync('npm', [...args, ...folders], { encoding: 'utf8' })
  return Object.values(JSON.parse(packed) as Record<string, { filename: string }>).map(({ filename }) =>
    join(destination, filename),
  )
}

/** What publint, which reads a package as the tools of its users do, finds wrong with a packed one. */
export async function lintTarball(tarball: string): Promise<string[]> {
  const { buffer } = new Uint8Array(readFileSync(tarball))
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
  return messages.map((message) => `${String(pkg.name)}: ${formatMessage(message, pkg, { color: false })}`)
}

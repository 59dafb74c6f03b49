import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MigrationError } from './errors.ts'

/** The migrations of one capability: a folder of `0001_name.sql`, numbered from 1 without gaps. */
export interface MigrationSet {
  /** Also the name of the PostgreSQL schema that the capability owns. */
  readonly capability: string
  readonly directory: URL
}

export interface Migration {
  capability: string
  version: number
  /** `0001_name` */
  name: string
  /** Where it was read from, for messages. */
  path: string
  sql: string
  /** SHA-256 of the text with line ends made LF, so that a checkout on Windows is the same file. */
  checksum: string
  /** False when the first line is `-- mainstay: no-transaction`: needed for CREATE INDEX CONCURRENTLY. */
  transactional: boolean
}

export function defineMigrations(capability: string, directory: URL): MigrationSet {
  return Object.freeze({ capability, directory })
}

/** Reads a capability's files in order. Throws MigrationError when a name is malformed or a number is off. */
export async function readMigrations({ capability, directory }: MigrationSet): Promise<Migration[]> {
  const folder = fileURLToPath(directory)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async (fileName, index) => {
      const path = `${folder.replace(/\/$/, '')}/${fileName}`
      const version = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(fileName)?.[1])
      if (Number.isNaN(version)) {
        throw new MigrationError(`${path} is not named like 0001_what_it_does.sql`)
      }
      if (version !== index + 1) {
        throw new MigrationError(
          `${path} has number ${version} where ${index + 1} was expected: numbers start at 1, without gaps or doubles`,
        )
      }
      const sql = (await readFile(path, 'utf8')).replaceAll('\r\n', '\n')
      return {
        capability,
        version,
        name: fileName.slice(0, -'.sql'.length),
        path,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
        transactional: !NO_TRANSACTION.test(sql),
      }
    }),
  )
}

const NO_TRANSACTION = /^-- mainstay: no-transaction\s*(\n|$)/

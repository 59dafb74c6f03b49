import { toJson } from '@bufbuild/protobuf'
import {
  type FirebaseScrypt,
  FirebaseScryptSchema,
  ImportedRowSchema,
  ImportFormat,
  ImportOutcome,
} from '@mainstay/proto/identity/v1/accounts'
import { type Command, Option } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { print } from '../output.ts'
import type { Context } from '../program.ts'
import { readMessage, readSource } from '../source.ts'
import { partsOf } from './import-parts.ts'

const FORMATS = {
  auth0: ImportFormat.AUTH0,
  keycloak: ImportFormat.KEYCLOAK,
  firebase: ImportFormat.FIREBASE,
  cognito: ImportFormat.COGNITO,
}

interface ImportFlags {
  from: keyof typeof FORMATS
  kind: string
  scrypt?: string
  dryRun?: boolean
}

/** `accounts import`: a file of any length, a thousand users a call; what was taken in once is skipped the next time. */
export function addAccountImport(accounts: Command, context: Context): void {
  accounts
    .command('import <file>')
    .description('takes in people from another product; run it again, and only what has changed is written')
    .addOption(
      new Option('--from <product>', 'whose export it is')
        .choices(Object.keys(FORMATS))
        .makeOptionMandatory(),
    )
    .requiredOption('--kind <kind>', 'of what kind they are to be')
    .option('--scrypt <file>', 'Firebase: JSON with signerKey, saltSeparator, rounds and memCost')
    .option('--dry-run', 'say what would happen, and change nothing')
    .action((file: string, flags: ImportFlags) => importFile(context, file, flags))
}

/** Each row that was refused, or left something out, is told. It ends with 1 where any was refused. */
async function importFile({ mainstay, output }: Context, file: string, flags: ImportFlags): Promise<void> {
  const { accounts } = mainstay()
  const firebaseScrypt = await readScrypt(flags.scrypt)
  const total = { created: 0, updated: 0, skipped: 0, refused: 0 }
  let before = 0
  for (const content of partsOf(await readSource(file), flags.from !== 'firebase')) {
    const answer = await accounts.importAccounts({
      ...{ format: FORMATS[flags.from], kind: flags.kind, content, dryRun: flags.dryRun === true },
      ...(firebaseScrypt && { firebaseScrypt }),
    })
    for (const row of answer.rows) {
      if (output.json) {
        output.write(JSON.stringify(toJson(ImportedRowSchema, { ...row, row: before + row.row })))
      } else if (row.detail !== '') {
        const outcome = ImportOutcome[row.outcome].toLowerCase()
        output.write(`user ${before + row.row} (${row.externalId}) ${outcome}: ${row.detail}`)
      }
    }
    before += answer.rows.length
    total.created += answer.createdCount
    total.updated += answer.updatedCount
    total.skipped += answer.skippedCount
    total.refused += answer.refusedCount
  }
  const { created, updated, skipped, refused } = total
  const prefix = flags.dryRun ? 'would be: ' : ''
  print(
    output,
    total,
    () => `${prefix}${created} created, ${updated} updated, ${skipped} skipped, ${refused} refused`,
  )
  if (refused > 0) throw new CommandError('Some users were not taken in: see above.', EXIT.refused)
}

async function readScrypt(file: string | undefined): Promise<FirebaseScrypt | undefined> {
  return file === undefined ? undefined : readMessage(FirebaseScryptSchema, file, await readSource(file))
}

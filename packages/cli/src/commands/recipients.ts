import { type FileHandle, open } from 'node:fs/promises'
import { fromJson, type JsonValue, toJson } from '@bufbuild/protobuf'
import { type Recipient, RecipientSchema } from '@mainstay/proto/notify/v1'
import { type Command, InvalidArgumentError } from 'commander'
import { CommandError, EXIT } from '../failure.ts'
import { details, print, table } from '../output.ts'
import type { Context } from '../program.ts'

/** As many as the contract takes in one call. */
const BATCH_SIZE = 1000
/** At three bytes a character, a fifth of what a server takes by default in one request. */
const BATCH_CHARACTERS = 256 * 1024

/** `recipients`: list, get, import. */
export function addRecipients(program: Command, context: Context): void {
  const recipients = program.command('recipients').description('the people that messages go to')
  const { output } = context

  recipients
    .command('list')
    .description('recipients by their ids')
    .option('--find <text>', 'whose id, email address or name begins so', '')
    .option('--topic <topic>', 'members of this topic', '')
    .option('--segment <segment>', 'those that this segment describes', '')
    .option('--limit <n>', 'how many', parseCount, 20)
    .action(async ({ find, topic, segment, limit }: ListFlags) => {
      const found: Recipient[] = []
      for await (const recipient of context.mainstay().recipients.listRecipients({
        filter: { text: find, topic, segment },
        pageSize: Math.min(limit, 500),
      })) {
        if (found.push(recipient) >= limit) break
      }
      if (output.json) {
        for (const recipient of found) output.write(JSON.stringify(toJson(RecipientSchema, recipient)))
      } else if (found.length === 0) output.write('No recipients.')
      else output.write(table(['recipient', 'language', 'email', 'name'], found.map(row)))
    })

  recipients
    .command('get <recipient-id>')
    .description('one recipient, with devices and topics')
    .action(async (recipientId: string) => {
      const recipient = await context.mainstay().notify.getRecipient({ recipientId })
      print(output, toJson(RecipientSchema, recipient), () => describe(recipient))
    })

  recipients
    .command('import <file>')
    .description('stores a file of recipients, one JSON object a line, as the API takes them')
    .action((file: string) => importFile(context, file))
}

interface ListFlags {
  find: string
  topic: string
  segment: string
  limit: number
}

interface Numbered {
  line: number
  recipient: Recipient
}

/** A line that is wrong is told and left out; all others are stored. It ends with 1 where any was left out. */
async function importFile({ mainstay, output }: Context, file: string): Promise<void> {
  const { recipients: client } = mainstay()
  let stored = 0
  let refused = 0
  const refuse = (line: number, field: string, description: string): void =>
    output.write(
      output.json
        ? JSON.stringify({ line, field, description })
        : `line ${line}${field === '' ? '' : ` ${field}`}: ${description}`,
    )

  async function store(batch: readonly Numbered[]): Promise<void> {
    if (batch.length === 0) return
    const answer = await client.batchUpdateRecipients({ recipients: batch.map(({ recipient }) => recipient) })
    stored += answer.storedCount
    refused += answer.errors.length
    for (const { index, fields } of answer.errors) {
      for (const { field, description } of fields) {
        refuse(batch[index]?.line ?? 0, field.replace(/^recipients\[\d+\]\.?/, ''), description)
      }
    }
  }

  let batch: Numbered[] = []
  let characters = 0
  let line = 0
  for await (const text of (await openFile(file)).readLines()) {
    line++
    characters += text.length
    if (text.trim() === '') continue
    const recipient = readLine(text)
    if (typeof recipient === 'string') {
      refused++
      refuse(line, '', recipient)
    } else batch.push({ line, recipient })
    if (batch.length < BATCH_SIZE && characters < BATCH_CHARACTERS) continue
    await store(batch)
    batch = []
    characters = 0
  }
  await store(batch)
  print(output, { stored, refused }, () => `${stored} stored, ${refused} refused`)
  if (refused > 0) throw new CommandError('Some recipients were not stored: see above.', EXIT.refused)
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CommandError(`${file} cannot be read (${code ?? 'unknown'}).`, EXIT.usage)
  }
}

/** The recipient of a line, or what is wrong with it. */
function readLine(text: string): Recipient | string {
  let json: JsonValue
  try {
    json = JSON.parse(text) as JsonValue
  } catch (error) {
    if (error instanceof SyntaxError) return `is no JSON: ${error.message}`
    throw error
  }
  try {
    return fromJson(RecipientSchema, json)
  } catch (error) {
    // What the library throws for a field that is unknown or of another type.
    return error instanceof Error ? error.message : String(error)
  }
}

function row({ recipientId, locale, email, displayName }: Recipient): string[] {
  return [recipientId, locale, email, displayName]
}

function describe(recipient: Recipient): string {
  const { recipientId, displayName, email, phone, locale, timezone, topics, endpoints, attributes } =
    recipient
  return details([
    ['recipient', recipientId],
    ['name', displayName],
    ['email', email],
    ['phone', phone],
    ['language', locale],
    ['time zone', timezone],
    ['topics', topics.join(', ')],
    ['attributes', Object.keys(attributes ?? {}).length === 0 ? '' : JSON.stringify(attributes)],
    ...endpoints.map((endpoint): [string, string] => [
      endpoint.address.case ?? 'endpoint',
      `${endpoint.address.value ?? ''}${endpoint.deadTime === undefined ? '' : `  gone: ${endpoint.deadReason}`}`,
    ]),
  ])
}

function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a number from 1 on.')
  return count
}

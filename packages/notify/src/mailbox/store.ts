import type { Executor, Tx } from '@mainstay/kernel'
import { markDelivered } from '../reports/mark-delivered.ts'

export interface MailHeader {
  name: string
  value: string
}

/** A mail as it is stored. */
export interface MailRow {
  project_id: string
  mail_id: string
  message_id: string | null
  from_address: string
  to_addresses: string[]
  subject: string
  snippet: string
  text_body: string
  html_body: string
  headers: MailHeader[]
  size_bytes: number
}

export type MailSummary = Omit<MailRow, 'project_id' | 'text_body' | 'html_body' | 'headers'>

/** A file that came with a mail. */
export interface MailFile {
  file_name: string
  content_type: string
  /** Without its brackets; empty: the HTML does not show it. */
  content_id: string
  content: Buffer
}

/** A mail as it came in. */
export type Incoming = MailRow & { files: readonly MailFile[] }

/** What a stored mail says about a message: it arrived. `noteId` is the uuid of the entry on its timeline. */
export type Arrival = Incoming & { noteId: string }

export interface Delivered {
  projectId: string
  messageId: string
}

/**
 * Stores a batch of mails and marks the messages they came from as delivered, in one statement.
 *
 * @returns the messages that became delivered.
 */
export async function storeMails(tx: Tx, mails: readonly Arrival[], now: Date): Promise<Delivered[]> {
  const { rows } = await tx.query<Delivered>({
    name: 'notify.mailbox.store',
    text: STORE,
    values: [JSON.stringify(mails.map(({ files: _files, ...mail }) => mail)), now],
  })
  for (const { project_id, mail_id, files } of mails) {
    for (const [place, file] of files.entries()) {
      await tx.query({
        name: 'notify.mailbox.store_file',
        text: `INSERT INTO notify.mail_attachments
            (project_id, mail_id, place, file_name, content_type, content_id, content)
          VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          project_id,
          mail_id,
          place + 1,
          file.file_name,
          file.content_type,
          file.content_id,
          file.content,
        ],
      })
    }
  }
  return rows
}

/** What is told of a mail's files without reading them. */
export interface FileSummary extends Omit<MailFile, 'content'> {
  place: number
  size_bytes: number
}

export async function listFiles(
  executor: Executor,
  projectId: string,
  mailId: string,
): Promise<FileSummary[]> {
  const { rows } = await executor.query<FileSummary>({
    name: 'notify.mailbox.list_files',
    text: `SELECT place, file_name, content_type, content_id, octet_length(content) AS size_bytes
      FROM notify.mail_attachments WHERE project_id = $1 AND mail_id = $2 ORDER BY place`,
    values: [projectId, mailId],
  })
  return rows
}

export async function findFile(
  executor: Executor,
  projectId: string,
  mailId: string,
  place: number,
): Promise<MailFile | undefined> {
  const { rows } = await executor.query<MailFile>({
    name: 'notify.mailbox.find_file',
    text: `SELECT file_name, content_type, content_id, content
      FROM notify.mail_attachments WHERE project_id = $1 AND mail_id = $2 AND place = $3`,
    values: [projectId, mailId, place],
  })
  return rows[0]
}

const STORE = `
WITH mail AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS mail (project_id uuid, mail_id uuid, message_id uuid, from_address text,
    to_addresses text[], subject text, snippet text, text_body text, html_body text, headers json, size_bytes int4,
    "noteId" uuid)
),
stored AS (
  INSERT INTO notify.mails (project_id, mail_id, message_id, from_address, to_addresses, subject, snippet, text_body,
    html_body, headers, size_bytes)
  SELECT project_id, mail_id, message_id, from_address, to_addresses, subject, snippet, text_body, html_body, headers,
    size_bytes
  FROM mail
),
first AS (
  SELECT DISTINCT ON (project_id, message_id) project_id, message_id, "noteId" AS note_id
  FROM mail WHERE message_id IS NOT NULL ORDER BY project_id, message_id, mail_id
),${markDelivered('first', '$2::timestamptz', "'It is in the sandbox mailbox.'")}
SELECT project_id AS "projectId", message_id AS "messageId" FROM delivered`

/** Deletes all but the newest `keep` mails of a project. */
export async function trimMails(executor: Executor, projectId: string, keep: number): Promise<void> {
  await executor.query({
    name: 'notify.mailbox.trim',
    text: `
      DELETE FROM notify.mails WHERE project_id = $1 AND mail_id <= (
        SELECT mail_id FROM notify.mails WHERE project_id = $1 ORDER BY mail_id DESC OFFSET $2 LIMIT 1
      )`,
    values: [projectId, keep],
  })
}

/** Newest first, from before `beforeId`; `to` in any case. */
export async function listMails(
  executor: Executor,
  projectId: string,
  { beforeId, to, limit }: { beforeId: string | undefined; to: string; limit: number },
): Promise<MailSummary[]> {
  const { rows } = await executor.query<MailSummary>({
    name: 'notify.mailbox.list',
    text: `
      SELECT mail_id, message_id, from_address, to_addresses, subject, snippet, size_bytes
      FROM notify.mails
      WHERE project_id = $1 AND ($2::uuid IS NULL OR mail_id < $2)
        AND ($3 = '' OR EXISTS (SELECT FROM unnest(to_addresses) AS address WHERE lower(address) = lower($3)))
      ORDER BY mail_id DESC LIMIT $4`,
    values: [projectId, beforeId ?? null, to, limit],
  })
  return rows
}

export async function findMail(
  executor: Executor,
  projectId: string,
  mailId: string,
): Promise<MailRow | undefined> {
  const { rows } = await executor.query<MailRow>({
    name: 'notify.mailbox.find',
    text: 'SELECT * FROM notify.mails WHERE project_id = $1 AND mail_id = $2',
    values: [projectId, mailId],
  })
  return rows[0]
}

/** Returns how many there were. */
export async function deleteMails(executor: Executor, projectId: string): Promise<number> {
  const { rowCount } = await executor.query({
    name: 'notify.mailbox.clear',
    text: 'DELETE FROM notify.mails WHERE project_id = $1',
    values: [projectId],
  })
  return rowCount
}

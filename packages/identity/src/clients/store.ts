import type { Executor, Tx } from '@mainstay/kernel'

export interface KindRow {
  kind: string
  display_name: string
  invite_only: boolean
  phone_channels: number[]
  email_refused: boolean
  access_token_ttl_ms: number
  session_idle_ttl_ms: number
  session_ttl_ms: number
  sender_name: string
  whatsapp_template: string
  whatsapp_languages: string[]
  test_code: string
}

export interface ClientRow {
  project_id: string
  client_id: string
  live: boolean
  kind: string
  display_name: string
  audience: string
  web_otp_domain: string
  sms_retriever_hash: string
  disabled: boolean
  create_time: Date
}

/** A client with the rules of its kind; null ones where the kind has no row. */
export type ClientWithKind = ClientRow & {
  kind_row: KindRow | null
  project_name: string
}

const KIND_COLUMNS = `kind, display_name, invite_only, phone_channels, email_refused, access_token_ttl_ms::float8 AS access_token_ttl_ms,
  session_idle_ttl_ms::float8 AS session_idle_ttl_ms, session_ttl_ms::float8 AS session_ttl_ms, sender_name,
  whatsapp_template, whatsapp_languages, test_code`
const CLIENT_COLUMNS =
  'project_id, client_id, live, kind, display_name, audience, web_otp_domain, sms_retriever_hash, disabled, create_time'

export async function listKinds(executor: Executor, projectId: string): Promise<KindRow[]> {
  const { rows } = await executor.query<KindRow>({
    text: `SELECT ${KIND_COLUMNS} FROM identity.kinds WHERE project_id = $1 ORDER BY kind`,
    values: [projectId],
  })
  return rows
}

export async function findKind(
  executor: Executor,
  projectId: string,
  kind: string,
): Promise<KindRow | undefined> {
  const { rows } = await executor.query<KindRow>({
    name: 'identity.find_kind',
    text: `SELECT ${KIND_COLUMNS} FROM identity.kinds WHERE project_id = $1 AND kind = $2`,
    values: [projectId, kind],
  })
  return rows[0]
}

export async function upsertKind(tx: Tx, projectId: string, row: KindRow, now: Date): Promise<void> {
  await tx.query({
    text: `INSERT INTO identity.kinds (project_id, kind, display_name, invite_only, phone_channels, email_refused,
             access_token_ttl_ms, session_idle_ttl_ms, session_ttl_ms, sender_name, update_time,
             whatsapp_template, whatsapp_languages, test_code)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
           ON CONFLICT (project_id, kind) DO UPDATE SET display_name = excluded.display_name,
             invite_only = excluded.invite_only, phone_channels = excluded.phone_channels,
             email_refused = excluded.email_refused, access_token_ttl_ms = excluded.access_token_ttl_ms,
             session_idle_ttl_ms = excluded.session_idle_ttl_ms, session_ttl_ms = excluded.session_ttl_ms,
             sender_name = excluded.sender_name, update_time = excluded.update_time,
             whatsapp_template = excluded.whatsapp_template, whatsapp_languages = excluded.whatsapp_languages,
             test_code = excluded.test_code`,
    values: [
      projectId,
      row.kind,
      row.display_name,
      row.invite_only,
      row.phone_channels,
      row.email_refused,
      row.access_token_ttl_ms,
      row.session_idle_ttl_ms,
      row.session_ttl_ms,
      row.sender_name,
      now,
      row.whatsapp_template,
      row.whatsapp_languages,
      row.test_code,
    ],
  })
}

export async function insertClient(tx: Tx, row: ClientRow): Promise<void> {
  await tx.query({
    text: `INSERT INTO identity.clients (${CLIENT_COLUMNS}, update_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
    values: [
      row.project_id,
      row.client_id,
      row.live,
      row.kind,
      row.display_name,
      row.audience,
      row.web_otp_domain,
      row.sms_retriever_hash,
      row.disabled,
      row.create_time,
    ],
  })
}

/** Without a project, since a public call names none: the id says it. */
export async function findClientWithKind(
  executor: Executor,
  clientId: string,
): Promise<ClientWithKind | undefined> {
  const { rows } = await executor.query<ClientWithKind>({
    name: 'identity.find_client_with_kind',
    text: `SELECT c.${CLIENT_COLUMNS.replaceAll(', ', ', c.')}, p.display_name AS project_name,
             (SELECT to_jsonb(k) FROM (SELECT ${KIND_COLUMNS} FROM identity.kinds WHERE project_id = c.project_id AND kind = c.kind) k) AS kind_row
           FROM identity.clients c JOIN access.projects p USING (project_id) WHERE c.client_id = $1`,
    values: [clientId],
  })
  return rows[0]
}

export async function findClient(
  executor: Executor,
  projectId: string,
  clientId: string,
): Promise<ClientRow | undefined> {
  const { rows } = await executor.query<ClientRow>({
    text: `SELECT ${CLIENT_COLUMNS} FROM identity.clients WHERE project_id = $1 AND client_id = $2`,
    values: [projectId, clientId],
  })
  return rows[0]
}

/** Newest first, from just before one. */
export async function listClients(
  executor: Executor,
  page: { projectId: string; beforeId: string | undefined; limit: number },
): Promise<ClientRow[]> {
  const { rows } = await executor.query<ClientRow>({
    text: `SELECT ${CLIENT_COLUMNS} FROM identity.clients
           WHERE project_id = $1 AND client_id < coalesce($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
           ORDER BY client_id DESC LIMIT $3`,
    values: [page.projectId, page.beforeId, page.limit],
  })
  return rows
}

export async function updateClient(tx: Tx, row: ClientRow, now: Date): Promise<void> {
  await tx.query({
    text: `UPDATE identity.clients SET display_name = $3, audience = $4, web_otp_domain = $5, sms_retriever_hash = $6,
             disabled = $7, update_time = $8
           WHERE project_id = $1 AND client_id = $2`,
    values: [
      row.project_id,
      row.client_id,
      row.display_name,
      row.audience,
      row.web_otp_domain,
      row.sms_retriever_hash,
      row.disabled,
      now,
    ],
  })
}

import { AppError, type Executor, type FieldViolation } from '@mainstay/kernel'
import type { Renderer } from '../rendering.ts'
import { audienceSql, type Sql } from './audience-sql.ts'
import type { Audience, PlanVariant } from './plan.ts'
import { invalidCampaign } from './spec.ts'

/** What a template is filled with for somebody, besides the campaign's own data. */
export interface Sample {
  /** False: an address of a list, which nobody is known by. */
  isRecipient: boolean
  locale: string | null
  values: Record<string, unknown>
}

/** As many people are tried. */
const SAMPLE_SIZE = 25

/** A few people of an audience, as it is now. @param segment its condition, with parameters from 3 on. */
export async function sampleAudience(
  executor: Executor,
  { projectId, campaignId }: { projectId: string; campaignId: string },
  audience: Audience,
  segment: Sql | undefined,
): Promise<Sample[]> {
  const members = audienceSql(audience, campaignId, 3, segment)
  const { rows } = await executor.query<Sample>({
    text: `
      SELECT r.recipient_id IS NOT NULL AS "isRecipient", coalesce(w.locale, r.locale) AS locale, coalesce(r.attributes, '{}') || coalesce(w.data, '{}') AS values
      FROM (SELECT key, recipient_id FROM (${members.text}) AS a LIMIT ${SAMPLE_SIZE}) AS p
      LEFT JOIN notify.recipients r ON r.project_id = $1 AND r.recipient_id = p.recipient_id
      LEFT JOIN notify.campaign_rows w ON ${audience.kind === 'imported'}
        AND w.project_id = $1 AND w.campaign_id = $2 AND w.row_key = p.key`,
    values: [projectId, campaignId, ...members.values],
  })
  return rows
}

/**
 * Fills the template of a variant for a few people before it is sent to all of them. One of whom something is not known is no reason
 * to keep the others waiting: their message fails, and says why. Where it can be filled for none of them, the template asks for
 * what nobody has, and the campaign would be a million failures.
 *
 * @param linkSamples stand for the links that a message to a recipient brings along.
 *
 * Throws `notify.request_invalid`.
 */
export async function tryTemplate(
  renderer: Pick<Renderer, 'check'>,
  projectId: string,
  { template }: PlanVariant,
  data: Record<string, unknown>,
  people: readonly Sample[],
  linkSamples: Readonly<Record<string, string>>,
): Promise<void> {
  if (template === null || people.length === 0) return
  let problem: FieldViolation | undefined
  for (const { isRecipient, locale, values } of people) {
    const known = { ...(isRecipient && linkSamples), ...data, ...values }
    try {
      await renderer.check(projectId, { ...template, ...(locale && { locale }) }, known)
      return
    } catch (error) {
      if (!(error instanceof AppError) || error.reason !== 'notify.template_invalid') throw error
      problem ??= error.violations[0]
    }
  }
  const why = problem === undefined ? '' : `: ${problem.field} ${problem.description}`
  const description = `could be filled for none of the ${people.length} people that it was tried for${why}`
  throw invalidCampaign([{ field: 'campaign.content.template', description }])
}

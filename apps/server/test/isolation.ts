import { IDENTITY_WITHOUT_PROBE, identityProbes } from './isolation-identity.ts'

/** Ids and names of what the owner has; a stranger gets to know the ids, as from a log, and guesses the names. */
export interface Owned {
  messageId: string
  waitingId: string
  notificationId: string
  mailId: string
  itemId: string
  inboxMessageId: string
  endpointId: string
  accountId: string
  suppressionId: string
  campaignId: string
  draftId: string
  scheduleId: string
  runId: string
  apiKeyId: string
  /** Of a person. */
  personAccountId: string
  personId: string
  clientId: string
}

/** The name of everything of the owner's that has one. */
export const NAME = 'zanzibar'
/** Stands in everything of the owner's, and in no request of a stranger. */
export const SECRET = 'Marrakesh'
export const PERSON = { recipientId: NAME, email: 'zanzibar@example.com', displayName: SECRET }

/**
 * What the owner gets for the request. `shows`: an answer with something of theirs in it, which could have been shown to others. `done`: it worked. Anything else is the reason of the refusal, where the thing is not in a state for it.
 */
export type Expected = 'shows' | 'done' | (string & {})

export interface Probe {
  request: Record<string, unknown>
  owner: Expected
  /** Of a test key for what is live. Absent: it may, because it only reads. */
  testKey?: 'refused'
}

const mask = (paths: string) => ({ updateMask: paths })

/** One request for each method that knows something of a project, in an order in which the owner's all succeed. */
export function probes(owned: Owned): Record<string, Probe> {
  const { messageId, waitingId, campaignId, scheduleId, runId } = owned
  const person = { recipientId: NAME }
  const notify: Record<string, Probe> = {
    GetNotification: { request: { notificationId: owned.notificationId }, owner: 'shows' },
    GetMessage: { request: { messageId }, owner: 'shows' },
    ListMessages: { request: {}, owner: 'shows' },
    GetTimeline: { request: { messageId }, owner: 'shows' },
    GetMessageStats: { request: { pointCount: 1 }, owner: 'done' },
    ResolveMessage: {
      request: { messageId, resolution: 'RESOLUTION_RESEND' },
      ...{ owner: 'notify.message_not_unknown', testKey: 'refused' },
    },
    MarkMessageSeen: { request: { messageId }, owner: 'shows', testKey: 'refused' },
    ReportConversion: { request: { messageId }, owner: 'done', testKey: 'refused' },
    CancelMessage: { request: { messageId: waitingId }, owner: 'shows', testKey: 'refused' },
    GetRecipient: { request: person, owner: 'shows' },
    UpdateRecipient: {
      request: { recipient: { ...person, locale: 'de' }, ...mask('locale') },
      owner: 'shows',
    },
    ListTemplates: { request: { includeDrafts: true }, owner: 'shows' },
    GetTemplate: { request: { name: NAME }, owner: 'shows' },
    GetTemplateDraft: { request: { name: NAME }, owner: 'shows' },
    ListTemplateVersions: { request: { name: NAME }, owner: 'done' },
    RenderTemplate: { request: { stored: { name: NAME } }, owner: 'shows' },
    PublishTemplate: { request: { name: NAME }, owner: 'shows' },
    DeleteTemplateDraft: { request: { name: NAME }, owner: 'notify.template_draft_not_found' },
    ListProviderAccounts: { request: {}, owner: 'shows' },
    UpdateProviderAccount: {
      request: {
        providerAccount: { providerAccountId: owned.accountId, priority: 3 },
        ...mask('priority'),
      },
      owner: 'shows',
    },
    VerifyProviderAccount: { request: { providerAccountId: owned.accountId }, owner: 'done' },
    ListProviderHealth: { request: {}, owner: 'shows' },
    ListPrices: { request: { providerAccountId: owned.accountId }, owner: 'shows' },
    ImportPrices: {
      request: { csv: `account,country,prefix,price\n${owned.accountId},DE,,0.1`, currency: 'USD' },
      ...{ owner: 'done', testKey: 'refused' },
    },
    ListSpendCaps: { request: {}, owner: 'done' },
    DeleteSpendCap: {
      request: { channel: 'CHANNEL_SMS', country: 'DE' },
      ...{ owner: 'done', testKey: 'refused' },
    },
    GetRoutingSettings: { request: {}, owner: 'done' },
    UpdateRoutingSettings: {
      request: {
        routingSettings: { pins: [{ channel: 'CHANNEL_EMAIL', providerAccountId: owned.accountId }] },
        ...mask('pins'),
      },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ListSuppressions: { request: {}, owner: 'shows' },
    DeleteSuppression: { request: { suppressionId: owned.suppressionId }, owner: 'done' },
    ListMails: { request: {}, owner: 'shows' },
    GetMail: { request: { mailId: owned.mailId }, owner: 'shows' },
    GetMailAttachment: { request: { mailId: owned.mailId, place: 1 }, owner: 'done' },
    ListSandboxItems: { request: {}, owner: 'shows' },
    ClearSandboxItems: { request: {}, owner: 'done' },
    ClearMailbox: { request: {}, owner: 'done' },
  }
  const campaigns: Record<string, Probe> = {
    ListCampaigns: { request: {}, owner: 'shows' },
    GetCampaign: { request: { campaignId }, owner: 'shows' },
    GetCampaignProgress: { request: { campaignId }, owner: 'shows' },
    CountCampaignAudience: {
      request: { campaignId, audience: { imported: true }, channel: 'CHANNEL_EMAIL' },
      owner: 'done',
    },
    UpdateCampaign: {
      request: { campaign: { campaignId, messagesPerSecond: 9 }, ...mask('messages_per_second') },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ImportCampaignRecipients: {
      request: { campaignId, csv: 'email\nlisbon@example.com\n' },
      ...{ owner: 'done', testKey: 'refused' },
    },
    ListCampaignProblems: { request: { campaignId }, owner: 'done' },
    SendCampaignTest: {
      request: { campaignId, to: [{ email: 'lisbon@example.com' }] },
      owner: 'done',
    },
    PauseCampaign: {
      request: { campaignId },
      ...{ owner: 'notify.campaign_state_conflict', testKey: 'refused' },
    },
    ResumeCampaign: {
      request: { campaignId },
      ...{ owner: 'notify.campaign_state_conflict', testKey: 'refused' },
    },
    ChooseCampaignWinner: {
      request: { campaignId, variant: 'A' },
      ...{ owner: 'notify.campaign_state_conflict', testKey: 'refused' },
    },
    StartCampaign: { request: { campaignId }, owner: 'shows', testKey: 'refused' },
    CancelCampaign: { request: { campaignId }, owner: 'shows', testKey: 'refused' },
    DeleteCampaign: { request: { campaignId: owned.draftId }, owner: 'done', testKey: 'refused' },
  }
  const inbox: Record<string, Probe> = {
    CreateInboxToken: { request: person, owner: 'done' },
    ListInboxItems: { request: person, owner: 'shows' },
    GetInboxCounts: { request: person, owner: 'done' },
    MarkInboxItems: { request: { ...person, action: 'INBOX_ACTION_READ', all: true }, owner: 'done' },
    DeleteInboxItem: { request: { ...person, itemId: owned.itemId }, owner: 'done' },
  }
  const preferences: Record<string, Probe> = {
    ListCategories: { request: {}, owner: 'shows' },
    GetCategory: { request: { name: NAME }, owner: 'shows' },
    UpdateCategory: {
      request: { category: { name: NAME, description: 'other' }, ...mask('description') },
      owner: 'shows',
    },
    GetPreferences: { request: person, owner: 'shows' },
    ListPreferences: { request: {}, owner: 'shows' },
    UpdatePreferences: {
      request: { ...person, changes: [{ category: NAME, channel: 'CHANNEL_EMAIL', enabled: true }] },
      owner: 'shows',
    },
    BatchUpdatePreferences: {
      request: {
        preferences: [{ ...person, category: NAME, channel: 'CHANNEL_EMAIL', enabled: true }],
      },
      owner: 'done',
    },
    CreatePreferenceLink: { request: person, owner: 'done' },
    GetContactSettings: { request: {}, owner: 'done' },
    UpdateContactSettings: {
      request: { contactSettings: { timezone: 'Europe/Lisbon' }, ...mask('timezone') },
      ...{ owner: 'done', testKey: 'refused' },
    },
    DeleteCategory: { request: { name: NAME }, owner: 'done' },
  }
  const recipients: Record<string, Probe> = {
    ListRecipients: { request: {}, owner: 'shows' },
    BatchUpdateRecipients: {
      request: { recipients: [{ ...person, timezone: 'Europe/Lisbon' }], ...mask('timezone') },
      owner: 'done',
    },
    ListEndpoints: { request: person, owner: 'shows' },
    AddEndpoint: { request: { ...person, endpoint: { email: 'lisbon@example.com' } }, owner: 'done' },
    ListTopics: { request: {}, owner: 'shows' },
    ListTopicMembers: { request: { topic: NAME }, owner: 'shows' },
    AddTopicMembers: { request: { topic: NAME, recipientIds: [NAME] }, owner: 'done' },
    RemoveTopicMembers: { request: { topic: NAME, recipientIds: [NAME] }, owner: 'done' },
    DeleteTopic: { request: { topic: NAME }, owner: 'done' },
    ListSegments: { request: {}, owner: 'shows' },
    GetSegment: { request: { segment: NAME }, owner: 'shows' },
    UpdateSegment: {
      request: { segment: { segment: NAME, description: 'other' }, ...mask('description') },
      owner: 'shows',
    },
    PreviewSegment: { request: { segment: NAME }, owner: 'shows' },
    DeleteSegment: { request: { segment: NAME }, owner: 'done' },
    RemoveEndpoint: { request: { ...person, endpointId: owned.endpointId }, owner: 'done' },
    DeleteRecipient: { request: person, owner: 'done' },
  }
  const schedules: Record<string, Probe> = {
    ListSchedules: { request: {}, owner: 'shows' },
    GetSchedule: { request: { scheduleId }, owner: 'shows' },
    UpdateSchedule: {
      request: { schedule: { scheduleId, state: 'SCHEDULE_STATE_PAUSED' }, ...mask('state') },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    DeleteSchedule: { request: { scheduleId }, owner: 'done', testKey: 'refused' },
  }
  const workflows: Record<string, Probe> = {
    ListWorkflows: { request: {}, owner: 'shows' },
    GetWorkflow: { request: { name: NAME }, owner: 'shows' },
    ListWorkflowVersions: { request: { name: NAME }, owner: 'shows' },
    StartWorkflow: {
      request: { workflow: NAME, to: { email: 'lisbon@example.com' } },
      owner: 'done',
    },
    GetWorkflowRun: { request: { runId }, owner: 'shows' },
    ListWorkflowRuns: { request: {}, owner: 'shows' },
    GetWorkflowRunTimeline: { request: { runId }, owner: 'shows' },
    CancelWorkflowRun: { request: { runId }, owner: 'shows', testKey: 'refused' },
  }
  const tracking: Record<string, Probe> = {
    GetTrackingSettings: { request: {}, owner: 'done' },
    UpdateTrackingSettings: {
      request: { trackingSettings: { trackOpens: true }, ...mask('track_opens') },
      ...{ owner: 'done', testKey: 'refused' },
    },
  }
  const access: Record<string, Probe> = {
    ListApiKeys: { request: {}, owner: 'shows' },
    ListAuditEntries: { request: {}, owner: 'shows' },
    RevokeApiKey: { request: { apiKeyId: owned.apiKeyId }, owner: 'done' },
  }
  const authorization: Record<string, Probe> = {
    RegisterPermissions: {
      request: { permissions: [{ permission: 'orders.read', description: 'other' }] },
      ...{ owner: 'done', testKey: 'refused' },
    },
    ListPermissions: { request: {}, owner: 'done' },
    UpdateRole: {
      request: { role: { role: NAME, permissions: ['orders.*'] } },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ListRoles: { request: {}, owner: 'shows' },
    AssignRole: {
      request: { roleAssignment: { subject: NAME, role: NAME } },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ListRoleAssignments: { request: { subject: NAME }, owner: 'shows' },
    Check: { request: { question: { subject: NAME, action: 'orders.read' } }, owner: 'done' },
    BatchCheck: { request: { questions: [{ subject: NAME, action: 'orders.read' }] }, owner: 'done' },
    Explain: { request: { question: { subject: NAME, action: 'orders.read' } }, owner: 'done' },
    CreatePolicyVersion: {
      request: { policy: { policy: NAME, text: 'permit(principal, action, resource);' } },
      ...{ owner: 'shows', testKey: 'refused' },
    },
    ListPolicies: { request: {}, owner: 'shows' },
    ActivatePolicy: { request: { policy: NAME }, owner: 'shows', testKey: 'refused' },
    UpdatePolicySchema: { request: { policySchema: { text: '' } }, owner: 'done', testKey: 'refused' },
    ListShadowResults: { request: {}, owner: 'done' },
    UnassignRole: {
      request: { roleAssignment: { subject: NAME, role: NAME } },
      ...{ owner: 'done', testKey: 'refused' },
    },
    DeleteRole: { request: { role: NAME }, owner: 'done', testKey: 'refused' },
  }
  return {
    ...under('access.v1.Authorization', authorization),
    ...under('notify.v1.Notify', notify),
    ...under('notify.v1.Campaigns', campaigns),
    ...under('notify.v1.Inbox', inbox),
    ...under('notify.v1.Preferences', preferences),
    ...under('notify.v1.Schedules', schedules),
    ...under('notify.v1.Workflows', workflows),
    ...under('notify.v1.Tracking', tracking),
    ...under('notify.v1.Recipients', recipients),
    ...under('access.v1.Access', access),
    ...identityProbes(owned),
  }
}

/** Methods that reach nothing of another project, and why. A method that stands nowhere fails the test. */
export const WITHOUT_PROBE: Record<string, string> = {
  ...saying('makes something new in the caller’s own project', [
    'notify.v1.Notify/SendNotification',
    'notify.v1.Notify/CreateTemplate',
    'notify.v1.Notify/UpdateTemplateDraft',
    'notify.v1.Notify/CreateProviderAccount',
    'notify.v1.Notify/CreateSuppression',
    'notify.v1.Notify/UpdateSpendCap',
    'notify.v1.Campaigns/CreateCampaign',
    'notify.v1.Preferences/CreateCategory',
    'notify.v1.Recipients/CreateTopic',
    'notify.v1.Recipients/CreateSegment',
    'notify.v1.Schedules/CreateSchedule',
    'notify.v1.Workflows/PublishWorkflow',
    'access.v1.Access/CreateApiKey',
  ]),
  ...saying('knows nothing of any project', [
    'notify.v1.Notify/ListProviderKinds',
    'notify.v1.Schedules/PreviewSchedule',
    'access.v1.Access/CreateSession',
    'access.v1.Access/DeleteSession',
    'access.v1.Access/GetCaller',
  ]),
  ...saying('is for operators, who work in every project', [
    'access.v1.Access/CreateProject',
    'access.v1.Access/GetProject',
    'access.v1.Access/ListProjects',
    'system.v1.System/GetSystem',
    'system.v1.System/ListSettings',
    'system.v1.System/ListDeadLetters',
    'system.v1.System/ReplayDeadLetter',
  ]),
  ...Object.assign({}, ...Object.entries(IDENTITY_WITHOUT_PROBE).map(([why, names]) => saying(why, names))),
  ...saying('is a stream, which has a test of its own here', [
    'notify.v1.Notify/WatchMessages',
    'notify.v1.Campaigns/WatchCampaign',
    'notify.v1.Inbox/WatchInbox',
  ]),
}

function under(service: string, methods: Record<string, Probe>): Record<string, Probe> {
  return Object.fromEntries(Object.entries(methods).map(([name, probe]) => [`${service}/${name}`, probe]))
}

function saying(why: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, why]))
}

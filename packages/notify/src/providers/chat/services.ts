import { discordWebhook } from './discord-webhook.ts'
import { slack } from './slack.ts'
import { slackWebhook } from './slack-webhook.ts'
import { teamsWebhook } from './teams-webhook.ts'

export const chatServices = [slack, slackWebhook, teamsWebhook, discordWebhook] as const

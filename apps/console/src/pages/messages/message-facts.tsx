import { Channel, type Message, MessageState, UnknownPolicy } from '@mainstay/proto/notify/v1'
import { useQuery } from '@tanstack/react-query'
import { Inbox, Smartphone } from 'lucide-react'
import { Link } from 'react-router'
import { mainstay, useScope } from '../../api/mainstay.ts'
import { ButtonLink } from '../../components/button/button.tsx'
import { Copyable } from '../../components/copy/copy-button.tsx'
import { Facts } from '../../components/facts/facts.tsx'
import { formatAbsolute, toMs } from '../../format/time.ts'
import { ChannelMark } from '../../notify/channel-mark.tsx'
import { classWord } from '../../notify/message-states.ts'
import { viewOfChannel } from '../../notify/phone-views.ts'

const policies: Partial<Record<UnknownPolicy, string>> = {
  [UnknownPolicy.AT_MOST_ONCE]: 'Never send twice: park it for review',
  [UnknownPolicy.AT_LEAST_ONCE]: 'Send again and flag it',
}

/** What the address is called, where it is no plain address. */
const toWords: Partial<Record<Channel, string>> = {
  [Channel.SMS]: 'Phone number',
  [Channel.WHATSAPP]: 'Phone number',
  [Channel.PUSH]: 'Device',
  [Channel.CHAT]: 'Place',
  [Channel.WEBHOOK]: 'Endpoint',
  [Channel.INBOX]: 'Inbox of',
}

/** What the message is, as opposed to what happened to it, with links to its neighbours. */
export function MessageFacts({ message }: { message: Message }) {
  return (
    <section aria-label="Details" className="border-t border-line pt-5">
      <div className="mb-3 flex items-center justify-between gap-2">
        <h3 className="text-sm font-semibold">Details</h3>
        {message.channel === Channel.EMAIL ? <MailLink message={message} /> : <PhoneLink message={message} />}
      </div>
      <Facts
        rows={[
          ['Message', <Copyable key="id" text={message.messageId} what="message id" />],
          ['Notification', <Copyable key="id" text={message.notificationId} what="notification id" />],
          ['Channel', <ChannelMark key="channel" channel={message.channel} />],
          [toWords[message.channel] ?? 'To', <Copyable key="to" text={message.to} what="address" />],
          ['Recipient', message.recipientId && <Copyable text={message.recipientId} what="recipient id" />],
          [
            'Template',
            message.template && (
              <TemplateLink name={message.template.name} version={message.template.version} />
            ),
          ],
          ['Workflow run', message.workflowRunId && <RunLink runId={message.workflowRunId} />],
          [
            'Category',
            message.category && (
              <CategoryLink category={message.category} recipientId={message.recipientId} />
            ),
          ],
          ['Class', classWord(message.messageClass)],
          ['Mode', message.live ? 'Live' : 'Test'],
          ['Accepted', time(message.createTime)],
          ['Send at', toMs(message.sendTime) !== toMs(message.createTime) && time(message.sendTime)],
          ['Seen', time(message.seenTime)],
          ['Link followed', time(message.clickTime)],
          ['Worth sending until', time(message.expireTime)],
          ['If an answer is lost', policies[message.unknownPolicy]],
          ['Trace', message.traceId && <Copyable text={message.traceId} what="trace id" />],
        ]}
      />
    </section>
  )
}

function TemplateLink({ name, version }: { name: string; version: number }) {
  return (
    <Link
      to={`/templates/${name}?version=${version}`}
      className="text-accent underline-offset-2 hover:underline"
    >
      {name}, version {version}
    </Link>
  )
}

function RunLink({ runId }: { runId: string }) {
  return (
    <Link to={`/runs/${runId}`} className="tabular text-xs text-accent underline-offset-2 hover:underline">
      {runId}
    </Link>
  )
}

/** Leads to what its recipient says of it, where one is known. */
function CategoryLink({ category, recipientId }: { category: string; recipientId: string }) {
  const search = recipientId === '' ? '' : `?${new URLSearchParams({ recipient: recipientId })}`
  return (
    <Link to={`/preferences${search}`} className="text-accent underline-offset-2 hover:underline">
      {category}
    </Link>
  )
}

/** The way to the mail itself, where it ended in the sandbox mailbox. */
function MailLink({ message }: { message: Message }) {
  const arrived = [MessageState.SENT, MessageState.DELIVERED].includes(message.state)
  const mail = useQuery({
    queryKey: ['mail-of', message.messageId, ...useScope()],
    queryFn: async ({ signal }) => {
      const { mails } = await mainstay().notify.listMails({ to: message.to, pageSize: 100 }, { signal })
      return mails.find((candidate) => candidate.messageId === message.messageId)?.mailId ?? null
    },
    enabled: !message.live && arrived,
    retry: 0,
  })
  if (!mail.data) return null
  return (
    <ButtonLink to={`/mailbox/${mail.data}`} size="sm">
      <Inbox aria-hidden />
      Read the mail
    </ButtonLink>
  )
}

/** The way to what the phone, the chat or the endpoint would have got, where it ended in the sandbox. */
function PhoneLink({ message }: { message: Message }) {
  const { messageId } = message
  const arrived = [MessageState.SENT, MessageState.DELIVERED].includes(message.state)
  const found = useQuery({
    queryKey: ['sandbox-item-of', messageId, ...useScope()],
    queryFn: async ({ signal }) =>
      (await mainstay().notify.listSandboxItems({ messageId, pageSize: 1 }, { signal })).items.length > 0,
    enabled: !message.live && arrived,
    retry: 0,
  })
  if (!found.data) return null
  return (
    <ButtonLink to={`/phone?view=${viewOfChannel(message.channel)}&message=${messageId}`} size="sm">
      <Smartphone aria-hidden />
      See it on the phone
    </ButtonLink>
  )
}

function time(value: Message['createTime']) {
  const ms = toMs(value)
  return ms === undefined ? undefined : (
    <time dateTime={new Date(ms).toISOString()}>{formatAbsolute(ms)}</time>
  )
}

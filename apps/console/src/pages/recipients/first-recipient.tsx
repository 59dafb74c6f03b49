import { useMutation, useQueryClient } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { mainstay } from '../../api/mainstay.ts'
import { Button } from '../../components/button/button.tsx'
import { FailureNote } from '../../components/failure/failure-note.tsx'
import { Snippet, type SnippetTab } from '../../components/snippet/snippet.tsx'

/** Shown where recipients will be: how a program stores them, and one to look at with one press. */
export function FirstRecipient() {
  const queries = useQueryClient()
  const add = useMutation({
    mutationFn: () =>
      mainstay().notify.updateRecipient({
        recipient: {
          recipientId: 'ada',
          displayName: 'Ada Lovelace',
          email: 'ada@example.com',
          locale: 'en-GB',
          timezone: 'Europe/London',
          attributes: { plan: 'pro' },
        },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['recipients'] }),
  })
  return (
    <div className="mx-auto flex w-full max-w-[680px] flex-col gap-4 px-4 py-10 md:py-14">
      <div>
        <h2 className="text-lg font-semibold">No recipients yet</h2>
        <p className="mt-1 text-base text-ink-2">
          Store whom you send to under your own ids. Messages then name a person, reach the addresses and
          devices that are theirs, and speak their language.
        </p>
      </div>
      <Snippet label="Store recipients" tabs={snippets(window.location.origin)} />
      {add.error && <FailureNote error={add.error} />}
      <Button kind="primary" className="self-start" onClick={() => add.mutate()} busy={add.isPending}>
        <UserPlus aria-hidden />
        Add Ada as an example
      </Button>
    </div>
  )
}

function snippets(origin: string): SnippetTab[] {
  return [
    {
      title: 'curl',
      code: `curl ${origin}/v1/recipients:batchUpdate \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "recipients": [{
      "recipientId": "ada",
      "email": "ada@example.com",
      "locale": "en-GB",
      "timezone": "Europe/London",
      "attributes": { "plan": "pro" }
    }]
  }'`,
    },
    {
      title: 'TypeScript',
      code: `import { createMainstay } from '@mainstay/sdk'

const mainstay = createMainstay({
  baseUrl: '${origin}',
  apiKey: process.env.MAINSTAY_API_KEY,
})

const { errors } = await mainstay.recipients.batchUpdateRecipients({
  recipients: [
    {
      recipientId: 'ada',
      email: 'ada@example.com',
      locale: 'en-GB',
      timezone: 'Europe/London',
      attributes: { plan: 'pro' },
    },
  ],
})`,
    },
  ]
}

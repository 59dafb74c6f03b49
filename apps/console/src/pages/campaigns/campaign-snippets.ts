import type { SnippetTab } from '../../components/snippet/snippet.tsx'

/** A campaign to everybody, in every language we speak. */
export function campaignSnippets(origin: string): SnippetTab[] {
  return [
    {
      title: 'curl',
      code: `curl ${origin}/v1/campaigns \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "displayName": "Spring",
    "content": { "email": { "subject": "Spring is here", "text": "Come and see." } },
    "audience": { "allRecipients": true }
  }'
# The answer has its id:
curl -X POST ${origin}/v1/campaigns/cmp_…:start \\
  -H "Authorization: Bearer $MAINSTAY_API_KEY" -d '{}'`,
    },
    {
      title: 'TypeScript',
      code: `import { createMainstay } from '@mainstay/sdk'

const { campaigns } = createMainstay({
  baseUrl: '${origin}',
  apiKey: process.env.MAINSTAY_API_KEY,
})

const { campaignId } = await campaigns.createCampaign({
  campaign: {
    displayName: 'Spring',
    content: { content: { case: 'email', value: { subject: 'Spring is here', text: 'Come and see.' } } },
    audience: { audience: { case: 'allRecipients', value: true } },
  },
})
await campaigns.startCampaign({ campaignId })
for await (const { sent, total } of campaigns.watchCampaign({ campaignId })) {
  console.log(\`\${sent} of \${total}\`)
}`,
    },
    {
      title: 'CLI',
      code: `export MAINSTAY_URL=${origin}
export MAINSTAY_API_KEY=msk_test_…

mainstay campaigns list
mainstay campaigns start cmp_…
mainstay campaigns watch cmp_…`,
    },
  ]
}

import type { SnippetTab } from '../../components/snippet/snippet.tsx'

/** Signing in by a code, as the app with this id does it. */
export function signInSnippets(origin: string, clientId: string): SnippetTab[] {
  return [
    {
      title: 'curl',
      code: `curl ${origin}/v1/otp-challenges \\
  -H "Content-Type: application/json" \\
  -d '{"clientId": "${clientId}", "phone": "+4915112345678"}'

# With the code that arrived, and the challengeId of the answer:
curl ${origin}/v1/otp-challenges/$CHALLENGE_ID:verify \\
  -H "Content-Type: application/json" \\
  -d '{"clientId": "${clientId}", "code": "'$CODE'"}'`,
    },
    {
      title: 'TypeScript',
      code: `import { createMainstay } from '@mainstay/sdk'

const { identity } = createMainstay({ baseUrl: '${origin}' })
const clientId = '${clientId}'

const { challengeId } = await identity.startOtp({
  clientId,
  identifier: { case: 'phone', value: '+4915112345678' },
})
const { account, accessToken } = await identity.verifyOtp({ clientId, challengeId, code })`,
    },
  ]
}

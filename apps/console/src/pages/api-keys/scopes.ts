/** The scopes an API key can have, in words. They follow the access rules of the contracts. */
export const scopes: { scope: string; title: string; help: string }[] = [
  { scope: 'notify:send', title: 'Send notifications', help: 'Send, cancel and resolve messages.' },
  { scope: 'notify:read', title: 'Read messages', help: 'Messages, timelines, templates, providers, mail.' },
  { scope: 'notify:write', title: 'Manage notify', help: 'Templates, recipients, provider accounts.' },
  { scope: 'access:read', title: 'Read access', help: 'List API keys and changes.' },
  { scope: 'access:write', title: 'Manage access', help: 'Create and revoke API keys.' },
  { scope: 'system:read', title: 'Read the system', help: 'Version and health.' },
]

export const allScopes = '*'

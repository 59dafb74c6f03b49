import type { Project } from '@mainstay/proto/access/v1'
import { Command } from 'cmdk'
import {
  FlaskConical,
  FolderOpen,
  Keyboard,
  KeyRound,
  Mail,
  MonitorCog,
  Send,
  Server,
  Zap,
} from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useNavigate } from 'react-router'
import { Keys } from '../components/tooltip/keys.tsx'
import { mode } from '../session/mode.ts'
import { projectSlug } from '../session/project.ts'
import { theme } from '../theme/theme.ts'
import { destinations } from './destinations.ts'
import { useFrameActions } from './frame-actions.ts'

/** ⌘K: every page, every action, and straight to a message by its id or its recipient. */
export function CommandPalette({ projects, onClose }: { projects: Project[]; onClose: () => void }) {
  const navigate = useNavigate()
  const { openSendTest, openShortcuts } = useFrameActions()
  const [typed, setTyped] = useState('')
  const currentMode = mode.use()
  const slug = projectSlug.use()
  const go = (path: string) => () => {
    onClose()
    void navigate(path)
  }
  const run = (action: () => void) => () => {
    onClose()
    action()
  }
  const query = typed.trim()
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      label="Search or jump to"
      overlayClassName="fixed inset-0 z-40 bg-scrim animate-appear"
      contentClassName="fixed top-[12vh] left-1/2 z-40 w-[calc(100vw-24px)] max-w-[600px] -translate-x-1/2 overflow-hidden rounded-lg border border-line-strong bg-raised shadow-float animate-rise"
    >
      <Command.Input
        value={typed}
        onValueChange={setTyped}
        placeholder="Page, action, message id or address"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-ink-3"
      />
      <Command.List className="max-h-[min(420px,60vh)] overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-6 text-center text-sm text-ink-3">
          Nothing fits. Paste a message id, an email address, or type the name of a page.
        </Command.Empty>
        {isMessageId(query) && (
          <Group heading="Message">
            <Item icon={<Mail />} value={query} onSelect={go(`/messages/${query}`)}>
              Open message <span className="tabular text-xs">{query}</span>
            </Item>
          </Group>
        )}
        {query.includes('@') && (
          <Group heading="Recipient">
            <Item icon={<Mail />} value={query} onSelect={go(`/messages?to=${encodeURIComponent(query)}`)}>
              Messages to {query}
            </Item>
            <Item
              icon={<Mail />}
              value={`mailbox ${query}`}
              onSelect={go(`/mailbox?to=${encodeURIComponent(query)}`)}
            >
              Mailbox of {query}
            </Item>
          </Group>
        )}
        <Group heading="Go to">
          {destinations.map(({ path, title, icon: Icon, key }) => (
            <Item key={path} icon={<Icon />} value={`go to ${title}`} keys={`g ${key}`} onSelect={go(path)}>
              {title}
            </Item>
          ))}
        </Group>
        <Group heading="Do">
          <Item
            icon={<Send />}
            value="send a test message email sms whatsapp push chat webhook"
            onSelect={run(() => openSendTest())}
          >
            Send a test
          </Item>
          <Item icon={<KeyRound />} value="create api key" onSelect={go('/api-keys?create=1')}>
            Create API key
          </Item>
          <Item icon={<Server />} value="add provider smtp http" onSelect={go('/providers/new')}>
            Add provider
          </Item>
          <Item
            icon={currentMode === 'test' ? <Zap /> : <FlaskConical />}
            value="switch mode test live"
            onSelect={run(() => mode.set(currentMode === 'test' ? 'live' : 'test'))}
          >
            Switch to {currentMode === 'test' ? 'live' : 'test'} mode
          </Item>
          {(['light', 'dark', 'system'] as const).map((name) => (
            <Item
              key={name}
              icon={<MonitorCog />}
              value={`theme ${name}`}
              onSelect={run(() => theme.set(name))}
            >
              Use the {name} theme
            </Item>
          ))}
          <Item icon={<Keyboard />} value="keyboard shortcuts" keys="?" onSelect={run(openShortcuts)}>
            Keyboard shortcuts
          </Item>
        </Group>
        {projects.length > 1 && (
          <Group heading="Projects">
            {projects
              .filter((project) => project.slug !== slug)
              .map((project) => (
                <Item
                  key={project.slug}
                  icon={<FolderOpen />}
                  value={`project ${project.displayName} ${project.slug}`}
                  onSelect={run(() => projectSlug.set(project.slug))}
                >
                  Switch to {project.displayName}
                </Item>
              ))}
          </Group>
        )}
      </Command.List>
    </Command.Dialog>
  )
}

function isMessageId(text: string): boolean {
  return /^msg_[0-9a-z]{26}$/.test(text)
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-3"
    >
      {children}
    </Command.Group>
  )
}

function Item({
  icon,
  value,
  keys,
  onSelect,
  children,
}: {
  icon: ReactNode
  value: string
  keys?: string
  onSelect: () => void
  children: ReactNode
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-9 items-center gap-2.5 rounded-md px-2.5 text-sm data-[selected=true]:bg-selected [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-3"
    >
      {icon}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {keys && <Keys keys={keys} />}
    </Command.Item>
  )
}

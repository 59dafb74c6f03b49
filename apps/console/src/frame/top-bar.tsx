import type { Project } from '@mainstay/proto/access/v1'
import { MenuIcon, Search } from 'lucide-react'
import { IconButton } from '../components/button/button.tsx'
import { Skeleton } from '../components/skeleton/skeleton.tsx'
import { commandKey, Keys } from '../components/tooltip/keys.tsx'
import { AccountMenu } from './account-menu.tsx'
import { useFrameActions } from './frame-actions.ts'
import { HealthDot } from './health-dot.tsx'
import { ModeSwitch } from './mode-switch.tsx'
import { ProjectSwitcher } from './project-switcher.tsx'

/** 48 px: where you are on the left, how to get anywhere else on the right. */
export function TopBar({
  projects,
  onMenu,
}: {
  projects: Project[] | undefined
  onMenu: (() => void) | undefined
}) {
  const { openPalette } = useFrameActions()
  return (
    <header className="flex h-12 shrink-0 items-center gap-1.5 border-b border-line px-3 md:px-4">
      {onMenu && (
        <IconButton label="Open navigation" size="md" onClick={onMenu} className="-ml-1">
          <MenuIcon />
        </IconButton>
      )}
      {projects ? <ProjectSwitcher projects={projects} /> : <Skeleton className="mx-2 w-20" />}
      <ModeSwitch />
      <div className="ml-auto flex items-center gap-1">
        <button
          type="button"
          onClick={openPalette}
          aria-keyshortcuts="Meta+K Control+K"
          className="flex h-8 items-center gap-2 rounded-md px-2 text-sm text-ink-3 hover:text-ink md:w-56 md:border md:border-line-strong lg:w-64"
        >
          <Search className="size-4 shrink-0" aria-hidden />
          <span className="mr-auto max-md:sr-only">Search or jump to</span>
          <span aria-hidden className="max-md:hidden">
            <Keys keys={`${commandKey} K`} />
          </span>
        </button>
        <HealthDot />
        <AccountMenu />
      </div>
    </header>
  )
}

import type { Project } from '@mainstay/proto/access/v1'
import { ChevronsUpDown, Plus } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useNavigate } from 'react-router'
import { Menu, MenuItem, MenuLabel, MenuLine, MenuRadioGroup } from '../components/menu/menu.tsx'
import { projectSlug } from '../session/project.ts'

const CreateProjectDialog = lazy(() =>
  import('./create-project-dialog.tsx').then((module) => ({ default: module.CreateProjectDialog })),
)

/** Which project everything on screen belongs to. Switching leaves what is open: it belongs to the other project. */
export function ProjectSwitcher({ projects }: { projects: Project[] }) {
  const navigate = useNavigate()
  const [creating, setCreating] = useState(false)
  const slug = projectSlug.use()
  const current = projects.find((project) => project.slug === slug)

  function switchTo(next: string): void {
    projectSlug.set(next)
    const section = window.location.pathname.split('/')[1] ?? ''
    void navigate(`/${section}`)
  }

  return (
    <>
      <Menu
        label="Projects"
        trigger={
          <button
            type="button"
            aria-label={`Project ${current?.displayName ?? slug}, switch project`}
            className="flex h-8 min-w-0 max-w-56 items-center gap-1.5 rounded-md px-2 text-sm font-medium hover:bg-hover"
          >
            <span className="truncate">{current?.displayName ?? slug}</span>
            <ChevronsUpDown className="size-3.5 shrink-0 text-ink-3" aria-hidden />
          </button>
        }
      >
        <MenuLabel>Projects</MenuLabel>
        <MenuRadioGroup
          value={slug}
          onChange={switchTo}
          choices={projects.map((project) => ({
            value: project.slug,
            label: project.displayName,
            hint: project.slug,
          }))}
        />
        <MenuLine />
        <MenuItem icon={<Plus />} onSelect={() => setCreating(true)}>
          Create project
        </MenuItem>
      </Menu>
      <Suspense>
        {creating && <CreateProjectDialog onClose={() => setCreating(false)} onCreated={switchTo} />}
      </Suspense>
    </>
  )
}

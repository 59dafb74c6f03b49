import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleUser, Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { useNavigate } from 'react-router'
import { describeFailure } from '../api/failure.ts'
import { mainstay } from '../api/mainstay.ts'
import { IconButton } from '../components/button/button.tsx'
import { Menu, MenuItem, MenuLabel, MenuLine, MenuRadioGroup, SubMenu } from '../components/menu/menu.tsx'
import { toast } from '../components/toast/toast.tsx'
import { useCaller } from '../session/session.ts'
import { type Theme, theme } from '../theme/theme.ts'
import { useFrameActions } from './frame-actions.ts'

const themes: { value: Theme; label: string }[] = [
  { value: 'system', label: 'Same as system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]

/** Who is signed in, the theme, and the way out. */
export function AccountMenu() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const { openShortcuts } = useFrameActions()
  const chosen = theme.use()
  const caller = useCaller().data?.caller
  const name = caller?.case === 'operator' ? caller.value.displayName : 'Operator'
  const signOut = useMutation({
    mutationFn: () => mainstay().access.deleteSession({}),
    async onSuccess() {
      await navigate('/sign-in', { replace: true, state: { signedOut: true } })
      queries.clear()
    },
    onError: (error) => toast.error(describeFailure(error).message),
  })
  const ThemeIcon = chosen === 'system' ? Monitor : chosen === 'dark' ? Moon : Sun
  return (
    <Menu
      align="end"
      label="Account"
      trigger={
        <IconButton label="Account" size="md">
          <CircleUser />
        </IconButton>
      }
    >
      <MenuLabel>Signed in as {name}</MenuLabel>
      <SubMenu label="Theme" icon={<ThemeIcon />}>
        <MenuRadioGroup
          value={chosen}
          onChange={(next) => theme.set(themes.find((choice) => choice.value === next)?.value ?? 'system')}
          choices={themes}
        />
      </SubMenu>
      <MenuItem icon={<Keyboard />} hint="?" onSelect={openShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      <MenuLine />
      <MenuItem icon={<LogOut />} onSelect={() => signOut.mutate()}>
        Sign out
      </MenuItem>
    </Menu>
  )
}

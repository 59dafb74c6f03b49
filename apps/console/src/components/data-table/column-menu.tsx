import { Columns3 } from 'lucide-react'
import { IconButton } from '../button/button.tsx'
import { Menu, MenuCheck, MenuLabel } from '../menu/menu.tsx'
import type { ColumnChoice } from './use-column-choice.ts'

/** The button that chooses a table's columns. The last visible one cannot be hidden. */
export function ColumnMenu({ choice }: { choice: ColumnChoice }) {
  const shown = choice.columns.filter((column) => column.visible).length
  return (
    <Menu
      align="end"
      label="Columns"
      trigger={
        <IconButton label="Choose columns" kind="secondary" size="md">
          <Columns3 />
        </IconButton>
      }
    >
      <MenuLabel>Columns</MenuLabel>
      {choice.columns.map((column) => (
        <MenuCheck
          key={column.id}
          checked={column.visible}
          onChange={() => (shown > 1 || !column.visible) && choice.toggle(column.id)}
        >
          {column.title}
        </MenuCheck>
      ))}
    </Menu>
  )
}

import { useMemo, useState } from 'react'
import { createRemembered, type Remembered } from '../../remembered/remembered.ts'
import type { Column, Visibility } from './columns.ts'

const remembered = new Map<string, Remembered<Visibility>>()

/** Which columns of a table are shown: the reader's choice, remembered by the table's name. */
export interface ColumnChoice {
  visibility: Visibility
  columns: { id: string; title: string; visible: boolean }[]
  toggle: (id: string) => void
}

export function useColumnChoice<Row extends object>(table: string, columns: Column<Row>[]): ColumnChoice {
  const [store] = useState(() => storeFor(table))
  const chosen = store.use()
  return useMemo(() => {
    const listed = columns.map((column) => {
      const id = column.id
      const visible = chosen[id] ?? !column.hiddenAtFirst
      return { id, title: column.title, visible }
    })
    return {
      visibility: Object.fromEntries(listed.map(({ id, visible }) => [id, visible])),
      columns: listed,
      toggle(id) {
        const now = listed.find((column) => column.id === id)
        if (now) store.set({ ...chosen, [id]: !now.visible })
      },
    }
  }, [chosen, columns, store])
}

function storeFor(table: string): Remembered<Visibility> {
  const known = remembered.get(table)
  if (known) return known
  const made = createRemembered<Visibility>(`columns.${table}`, {}, isVisibility)
  remembered.set(table, made)
  return made
}

function isVisibility(value: unknown): value is Visibility {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((shown) => typeof shown === 'boolean')
  )
}

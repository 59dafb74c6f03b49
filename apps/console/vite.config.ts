import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, loadEnv } from 'vite'
import { slimContracts } from './build/slim-contracts.ts'

const root = import.meta.dirname

/** Builds to `dist`, which the server serves; `vite` proxies the API to a server on this machine. */
export default defineConfig(({ mode }) => {
  const target = loadEnv(mode, root, 'CONSOLE_').CONSOLE_API ?? 'http://127.0.0.1:8080'
  return {
    root,
    base: '/',
    plugins: [slimContracts(), react(), tailwindcss()],
    server: {
      host: '127.0.0.1',
      proxy: Object.fromEntries(['/v1/', '/docs', '/openapi.json'].map((path) => [path, { target }])),
    },
    build: {
      outDir: 'dist',
      target: 'es2023',
      // The server's policy allows no data: fonts or scripts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: [{ name: 'react', test: /node_modules\/(react|react-dom|scheduler|react-router)\// }],
          },
        },
      },
    },
  }
})

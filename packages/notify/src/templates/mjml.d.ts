/** What is used of MJML, which brings no types along. */
declare module 'mjml-core' {
  interface MjmlError {
    line: number
    message: string
    tagName: string
  }
  const mjml: {
    default(
      source: string,
      options: {
        presets: readonly unknown[]
        validationLevel: 'strict' | 'soft' | 'skip'
        ignoreIncludes: boolean
        fonts: Readonly<Record<string, string>>
        keepComments: boolean
        minify: boolean
      },
    ): Promise<{ html: string; errors: readonly MjmlError[] }>
  }
  // biome-ignore lint/style/noDefaultExport: it is what the package exports
  export default mjml
}

declare module 'mjml-preset-core' {
  const preset: unknown
  // biome-ignore lint/style/noDefaultExport: it is what the package exports
  export default preset
}

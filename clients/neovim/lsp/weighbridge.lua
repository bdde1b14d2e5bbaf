-- How to start the server; Neovim 0.11 finds this file by its name: vim.lsp.enable('weighbridge').
-- What you set with vim.lsp.config('weighbridge', …) wins.
return {
  cmd = { 'weighbridge', 'serve' },
  filetypes = { 'markdown', 'text', 'mdc' },
  root_markers = { 'weighbridge.toml', '.git' },
  init_options = { status = true },
  -- What the model receives, kept true while one types.
  capabilities = { workspace = { textDocumentContent = { dynamicRegistration = false } } },
  settings = {
    weighbridge = {
      -- References have hints, headings and the document have lenses: nothing is shown twice on one line.
      inlayHints = { references = true, sections = false, total = false },
      codeLens = true,
    },
  },
  handlers = {
    ['weighbridge/status'] = function(_, status) require('weighbridge').receive(status) end,
    ['workspace/textDocumentContent/refresh'] = function(_, params) return require('weighbridge').refresh(params.uri) end,
  },
}

-- How to start the server; Neovim 0.11 finds this file by its name: vim.lsp.enable('weighbridge').
-- What you set with vim.lsp.config('weighbridge', …) wins.
return {
  cmd = { 'weighbridge', 'serve' },
  filetypes = { 'markdown', 'text', 'mdc' },
  root_markers = { 'weighbridge.toml', '.git' },
  init_options = { status = true },
  settings = {
    weighbridge = {
      -- References have hints, headings and the document have lenses: nothing is shown twice on one line.
      inlayHints = { references = true, sections = false, total = false },
      codeLens = true,
    },
  },
  handlers = {
    ['weighbridge/status'] = function(_, status) require('weighbridge').receive(status) end,
  },
}

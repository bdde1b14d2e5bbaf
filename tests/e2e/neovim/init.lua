-- The set-up of README.md, with the server of this checkout and nothing of the user's.
vim.lsp.config('weighbridge', {
  cmd = vim.json.decode(vim.env.WEIGHBRIDGE_COMMAND),
  filetypes = { 'markdown' },
  root_markers = { 'weighbridge.toml' },
  init_options = { status = true },
  settings = { weighbridge = { codeLens = true } },
  handlers = {
    ['weighbridge/status'] = function(_, status) vim.g.weighbridge = status end,
  },
})
vim.lsp.enable('weighbridge')
vim.lsp.inlay_hint.enable(true)

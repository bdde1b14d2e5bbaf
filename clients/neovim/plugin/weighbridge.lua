-- Hints and lenses in buffers that the server serves; the command :Weighbridge everywhere, so that it can start a server.
if vim.g.loaded_weighbridge or vim.fn.has('nvim-0.10') == 0 then return end
vim.g.loaded_weighbridge = true

local group = vim.api.nvim_create_augroup('weighbridge', {})

---@param event { buf: integer, data: { client_id: integer } }
local function ours(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  return client ~= nil and client.name == 'weighbridge'
end

-- A threshold's color as the background: readable on every statusline. Define the groups yourself for others.
local function colors()
  local normal = vim.api.nvim_get_hl(0, { name = 'Normal', link = false })
  for name, from in pairs({ WeighbridgeWarning = 'DiagnosticWarn', WeighbridgeError = 'DiagnosticError' }) do
    local color = vim.api.nvim_get_hl(0, { name = from, link = false })
    vim.api.nvim_set_hl(0, name, {
      default = true,
      fg = normal.bg or (vim.o.background == 'dark' and 0 or 0xffffff),
      bg = color.fg,
      ctermfg = normal.ctermbg or 0,
      ctermbg = color.ctermfg,
    })
  end
end
colors()
vim.api.nvim_create_autocmd('ColorScheme', { group = group, callback = colors })

vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  callback = function(event)
    if not ours(event) then return end
    vim.lsp.inlay_hint.enable(true, { bufnr = event.buf })
    vim.lsp.codelens.refresh({ bufnr = event.buf })
    require('weighbridge').attached(event.buf)
  end,
})

vim.api.nvim_create_autocmd('BufReadCmd', {
  group = group,
  pattern = 'weighbridge:///*',
  callback = function(event) require('weighbridge').read(event.buf) end,
})

vim.api.nvim_create_autocmd('LspDetach', {
  group = group,
  callback = function(event)
    if not ours(event) then return end
    require('weighbridge').forget(event.buf)
  end,
})

local function names()
  local found = vim.tbl_keys(require('weighbridge').commands)
  table.sort(found)
  return found
end

vim.api.nvim_create_user_command('Weighbridge', function(command)
  local run = require('weighbridge').commands[command.args]
  if run == nil then
    return vim.notify(
      ('Weighbridge: no command %q; there are %s'):format(command.args, table.concat(names(), ', ')),
      vim.log.levels.ERROR
    )
  end
  run(vim.api.nvim_get_current_buf(), command)
end, {
  nargs = 1,
  range = true,
  desc = 'Ask Weighbridge about this prompt, or restart it',
  complete = function(typed)
    return vim.tbl_filter(function(name) return vim.startswith(name, typed) end, names())
  end,
})

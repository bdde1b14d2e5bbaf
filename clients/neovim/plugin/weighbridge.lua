-- Hints, lenses and the command :Weighbridge, in buffers that the server serves.
if vim.g.loaded_weighbridge or vim.fn.has('nvim-0.10') == 0 then return end
vim.g.loaded_weighbridge = true

local group = vim.api.nvim_create_augroup('weighbridge', {})

---@param event { buf: integer, data: { client_id: integer } }
local function ours(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  return client ~= nil and client.name == 'weighbridge'
end

-- A threshold's colour as the background: readable on every statusline. Define the groups yourself for others.
local function colours()
  local normal = vim.api.nvim_get_hl(0, { name = 'Normal', link = false })
  for name, from in pairs({ WeighbridgeWarning = 'DiagnosticWarn', WeighbridgeError = 'DiagnosticError' }) do
    local colour = vim.api.nvim_get_hl(0, { name = from, link = false })
    vim.api.nvim_set_hl(0, name, {
      default = true,
      fg = normal.bg or (vim.o.background == 'dark' and 0 or 0xffffff),
      bg = colour.fg,
      ctermfg = normal.ctermbg or 0,
      ctermbg = colour.ctermfg,
    })
  end
end
colours()
vim.api.nvim_create_autocmd('ColorScheme', { group = group, callback = colours })

vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  callback = function(event)
    if not ours(event) then return end
    vim.lsp.inlay_hint.enable(true, { bufnr = event.buf })
    vim.lsp.codelens.refresh({ bufnr = event.buf })
    vim.api.nvim_buf_create_user_command(event.buf, 'Weighbridge', function(command)
      local commands = require('weighbridge').commands
      local run = commands[command.args]
      if run == nil then
        local names = vim.tbl_keys(commands)
        table.sort(names)
        return vim.notify(
          ('Weighbridge: no command %q; there are %s'):format(command.args, table.concat(names, ', ')),
          vim.log.levels.ERROR
        )
      end
      run(event.buf, command)
    end, {
      nargs = 1,
      range = true,
      desc = 'Ask Weighbridge about this prompt',
      complete = function(typed)
        local names = vim.tbl_filter(
          function(name) return vim.startswith(name, typed) end,
          vim.tbl_keys(require('weighbridge').commands)
        )
        table.sort(names)
        return names
      end,
    })
  end,
})

vim.api.nvim_create_autocmd('LspDetach', {
  group = group,
  callback = function(event)
    if not ours(event) then return end
    require('weighbridge').forget(event.buf)
    pcall(vim.api.nvim_buf_del_user_command, event.buf, 'Weighbridge')
  end,
})

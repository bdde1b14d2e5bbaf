-- :checkhealth weighbridge
local M = {}

function M.check()
  vim.health.start('weighbridge')
  if vim.fn.executable('weighbridge') == 1 then
    local version = vim.trim(vim.fn.system({ 'weighbridge', '--version' }))
    vim.health.ok(('%s (%s)'):format(version, vim.fn.exepath('weighbridge')))
  else
    vim.health.error('weighbridge is not on the PATH', { 'uv tool install . (or pipx install .) in the checkout', "or vim.lsp.config('weighbridge', { cmd = … })" })
  end
  if vim.fn.has('nvim-0.11') == 1 then
    vim.health.ok('Neovim has vim.lsp.config and vim.lsp.enable')
  elseif vim.fn.has('nvim-0.10') == 1 then
    vim.health.warn('Neovim 0.10: the server is to be started by an autocommand; see the page of setup')
  else
    vim.health.error('Neovim 0.10 or later is needed: older ones have no inlay hints')
  end
  local clients = vim.lsp.get_clients({ name = 'weighbridge' })
  vim.health.info(('%d of it running'):format(#clients))
end

return M

-- What the server says of each document, for the statusline; and what the command :Weighbridge does.
local M = {}

---The last status of each document, by URI: what `weighbridge/status` tells.
---@type table<string, table>
local statuses = {}

local GROUPS = { warning = 'WeighbridgeWarning', error = 'WeighbridgeError' }

---@param number integer
---@return string number with thousands separated, as the server writes them
local function figure(number)
  return (tostring(number):reverse():gsub('(%d%d%d)', '%1,'):reverse():gsub('^,', ''))
end

---@param number integer
---@return string
local function tokens(number) return figure(number) .. (number == 1 and ' token' or ' tokens') end

---@param share number a share of 1
---@return string
local function percentage(share)
  local percent = share * 100
  if percent > 0 and percent < 0.1 then return '<0.1%' end
  return (percent < 10 and '%.1f' or '%.0f'):format(percent):gsub('%.0$', '') .. '%'
end

---A new status of a document; the handler of `weighbridge/status`.
---@param status table
function M.receive(status)
  statuses[status.uri] = status
  local bufnr = vim.uri_to_bufnr(status.uri)
  if status.state == 'ready' and vim.api.nvim_buf_is_loaded(bufnr) then
    vim.lsp.codelens.refresh({ bufnr = bufnr })
    if vim.fn.has('nvim-0.11') == 0 and vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }) then
      -- 0.10 draws a line's hints once for each version of the text, whatever comes later.
      vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
    end
  end
  vim.api.nvim_exec_autocmds('User', { pattern = 'WeighbridgeStatus', data = status, modeline = false })
  vim.cmd('redrawstatus!')
end

---Forget a document that is no longer served.
---@param bufnr integer
function M.forget(bufnr) statuses[vim.uri_from_bufnr(bufnr)] = nil end

---The last status of a buffer, or nil if it is no prompt.
---@param bufnr? integer the current one by default
---@return table?
function M.get(bufnr) return statuses[vim.uri_from_bufnr(bufnr or vim.api.nvim_get_current_buf())] end

---The count of a buffer in the server's words, or '' if it is no prompt: `1,235 tokens · 95% · gpt-4.1`.
---`…` stands before it while it is being counted.
---@param bufnr? integer the current one by default
---@return string
function M.status(bufnr)
  local status = M.get(bufnr)
  if status == nil then return '' end
  local counting = status.state == 'counting' and type(status.tokens) == 'number'
  return (counting and '… ' or '') .. status.text
end

---The same in the color of the threshold that is reached, for 'statusline':
---`%{%v:lua.require'weighbridge'.statusline()%}`
---@return string
function M.statusline()
  local bufnr = vim.api.nvim_win_get_buf(vim.g.statusline_winid or 0)
  local status, text = M.get(bufnr), M.status(bufnr):gsub('%%', '%%%%')
  local group = status and GROUPS[status.budget.severity]
  return group and ('%%#%s#%s%%*'):format(group, text) or text
end

-- Asking the server

---@param client vim.lsp.Client?
---@param bufnr integer
---@param method string
---@param params table
---@param take fun(result: any)
local function ask_client(client, bufnr, method, params, take)
  if client == nil then
    return vim.notify(
      'Weighbridge is not running in this buffer: try :Weighbridge restart, or :checkhealth weighbridge',
      vim.log.levels.ERROR
    )
  end
  local function answered(fault, result)
    if fault then return vim.notify('Weighbridge: ' .. fault.message, vim.log.levels.ERROR) end
    take(result)
  end
  -- Neovim 0.10 has functions where 0.11 has methods.
  if vim.fn.has('nvim-0.11') == 1 then
    client:request(method, params, answered, bufnr)
  else
    client.request(method, params, answered, bufnr)
  end
end

---@param bufnr integer
---@param method string
---@param params table
---@param take fun(result: any)
local function ask(bufnr, method, params, take)
  ask_client(vim.lsp.get_clients({ name = 'weighbridge', bufnr = bufnr })[1], bufnr, method, params, take)
end

---@param bufnr integer
local function named(bufnr) return { textDocument = { uri = vim.uri_from_bufnr(bufnr) } } end

---Run one of the server's commands, and say that it is done.
---@param bufnr integer
---@param command string without `weighbridge.`
---@param arguments string[]
local function run(bufnr, command, arguments)
  local params = { command = 'weighbridge.' .. command, arguments = arguments }
  ask(bufnr, 'workspace/executeCommand', params, function(result)
    local what = type(result) == 'boolean' and (result and 'on' or 'off') or 'done'
    vim.notify(('Weighbridge: %s %s'):format(command, what))
  end)
end

---Make a buffer one that is read only and goes away with its window.
---@param bufnr integer
---@param lines string[]
---@param filetype string
local function fill(bufnr, lines, filetype)
  vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden, vim.bo[bufnr].swapfile = 'nofile', 'wipe', false
  vim.bo[bufnr].undolevels, vim.bo[bufnr].modifiable = -1, true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  -- Not as a file type: what is shown is not served itself.
  vim.bo[bufnr].syntax = filetype
end

---Show lines in a window of their own.
---@param name string
---@param lines string[]
---@param filetype string
local function show(name, lines, filetype)
  vim.cmd('botright new')
  local bufnr = vim.api.nvim_get_current_buf()
  fill(bufnr, lines, filetype)
  vim.api.nvim_buf_set_name(bufnr, ('weighbridge://%d/%s'):format(bufnr, name))
end

-- The server's own texts: `weighbridge:///resolved/NAME?URI`, what the model receives of a document

---@param bufnr integer
---@return string
local function resolved_uri(bufnr)
  local function encode(text)
    return (text:gsub('[^%w._~-]', function(byte) return ('%%%02X'):format(byte:byte()) end))
  end
  local uri = vim.uri_from_bufnr(bufnr)
  return ('weighbridge:///resolved/%s?%s'):format(uri:match('[^/]*$'), encode(uri))
end

---The server that has the document of a text; of an agent's context any.
---@param uri string the text's
---@return vim.lsp.Client?
local function client_of(uri)
  local of = vim.uri_decode(uri:match('%?(.*)') or '')
  local clients = vim.lsp.get_clients({ name = 'weighbridge' })
  for _, client in ipairs(clients) do
    for bufnr in pairs(client.attached_buffers) do
      if vim.uri_from_bufnr(bufnr) == of then return client end
    end
  end
  return clients[1]
end

---Fill a buffer with the server's text of its name; windows stay where they are in it.
---@param bufnr integer
function M.read(bufnr)
  local uri = vim.api.nvim_buf_get_name(bufnr)
  ask_client(client_of(uri), bufnr, 'workspace/textDocumentContent', { uri = uri }, function(result)
    if not vim.api.nvim_buf_is_loaded(bufnr) then return end
    local views = {}
    for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
      views[window] = vim.api.nvim_win_call(window, vim.fn.winsaveview)
    end
    fill(bufnr, vim.split(result.text, '\r?\n'), 'markdown')
    for window, view in pairs(views) do
      vim.api.nvim_win_call(window, function() vim.fn.winrestview(view) end)
    end
  end)
end

---A text of the server's is another now; the handler of `workspace/textDocumentContent/refresh`.
---@param uri string
---@return any result, table? fault where it is not shown any more
function M.refresh(uri)
  if vim.fn.bufloaded(uri) == 0 then
    return nil, vim.lsp.rpc.rpc_response_error(vim.lsp.protocol.ErrorCodes.InvalidParams, uri .. ': not shown')
  end
  M.read(vim.uri_to_bufnr(uri))
  return vim.NIL
end

---A server has a document now: it may be another than the one that its text is of.
---@param bufnr integer
function M.attached(bufnr) M.refresh(resolved_uri(bufnr)) end

---@param report table
---@return string[]
local function report_lines(report)
  local about = report.exactness == 'exact' and '' or '≈'
  local lines = {
    type(report.tokens) ~= 'number' and 'still counting …' or ('%s of %s (%s), %s as typed'):format(
      about .. tokens(report.tokens),
      figure(report.budget.limit),
      percentage(report.budget.used),
      about .. figure(report.own_tokens)
    ),
    ('%s%s, %s'):format(
      type(report.model) == 'string' and report.model .. ', ' or '',
      report.encoding,
      report.exactness
    ),
  }
  local function row(depth, name, count, reason)
    local known = type(count) == 'number' and about .. figure(count) or '-'
    local why = type(reason) == 'string' and '  ' .. reason or ''
    lines[#lines + 1] = ('%9s  %s%s%s'):format(known, ('  '):rep(depth), name, why)
  end
  if #report.sections > 0 then vim.list_extend(lines, { '', 'Sections' }) end
  for _, section in ipairs(report.sections) do
    row(section.level - 1, section.title, section.tokens)
  end
  if #report.references > 0 then vim.list_extend(lines, { '', 'References' }) end
  local function references(of, depth)
    for _, one in ipairs(of) do
      row(depth, one.kind .. ' ' .. one.target, one.tokens, one.reason)
      references(one.references, depth + 1)
    end
  end
  references(report.references, 0)
  return vim.tbl_map(function(line) return (line:gsub('\n', ' ')) end, lines)
end

---Milliseconds that a server has to go.
local MOST_TO_STOP = 2000

---Stop the server, if there is one, and start it in every buffer that it is for.
local function restart()
  local function running() return vim.lsp.get_clients({ name = 'weighbridge' }) end
  for _, client in ipairs(running()) do
    -- Neovim 0.10 has functions where 0.11 has methods.
    if vim.fn.has('nvim-0.11') == 1 then
      client:stop(true)
    else
      client.stop(true)
    end
  end
  vim.wait(MOST_TO_STOP, function() return #running() == 0 end, 20)
  -- Whoever starts servers, Neovim itself or the user's own autocommand, does so when a buffer has its file type.
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].buftype == '' and vim.bo[bufnr].filetype ~= '' then
      vim.api.nvim_buf_call(bufnr, function()
        vim.api.nvim_exec_autocmds('FileType', { pattern = vim.bo[bufnr].filetype, modeline = false })
      end)
    end
  end
  vim.notify('Weighbridge: restart done')
end

---What :Weighbridge can be told, each a function of the buffer and the command's arguments.
---@type table<string, fun(bufnr: integer, command: table)>
M.commands = {
  report = function(bufnr)
    ask(bufnr, 'weighbridge/report', named(bufnr), function(report) show('report', report_lines(report), 'text') end)
  end,
  render = function(bufnr)
    vim.cmd.split({ resolved_uri(bufnr), magic = { file = false, bar = false }, mods = { split = 'botright' } })
  end,
  count = function(bufnr, command)
    local params = named(bufnr)
    if command.range > 0 then
      params.ranges = {
        { start = { line = command.line1 - 1, character = 0 }, ['end'] = { line = command.line2, character = 0 } },
      }
    end
    ask(bufnr, 'weighbridge/count', params, function(result)
      local what = command.range > 0 and ('lines %d to %d: '):format(command.line1, command.line2) or ''
      vim.notify(what .. (result.exactness == 'exact' and '' or '≈') .. tokens(result.tokens))
    end)
  end,
  refresh = function(bufnr) run(bufnr, 'refresh', { vim.uri_from_bufnr(bufnr) }) end,
  clearCache = function(bufnr) run(bufnr, 'clearCache', {}) end,
  toggleTokens = function(bufnr) run(bufnr, 'toggleTokens', {}) end,
  restart = restart,
}

return M

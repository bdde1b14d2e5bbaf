-- A session with every feature, by Neovim's own functions. What was seen is written as JSON, for the test to judge.
local seen = {}

local function wait(what, condition)
  assert(vim.wait(20000, condition, 20), 'timed out: ' .. what)
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

local function at(line, column) vim.api.nvim_win_set_cursor(0, { line, column }) end

local function client() return vim.lsp.get_clients({ name = 'weighbridge', bufnr = 0 })[1] end

local function ask(method, more)
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(0, client().offset_encoding), more or {})
  local answer = assert(client():request_sync(method, params, 20000, 0))
  assert(not answer.err, vim.inspect(answer.err))
  return answer.result
end

local function ready()
  wait('ready', function()
    return vim.g.weighbridge and vim.g.weighbridge.state == 'ready'
      and vim.g.weighbridge.version == vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()]
  end)
end

local function label(hint)
  if type(hint.label) == 'string' then return hint.label end
  return table.concat(vim.tbl_map(function(part) return part.value end, hint.label))
end

local function session()
  wait('client', function() return client() ~= nil end)
  ready()
  seen.encoding = client().offset_encoding
  seen.status = vim.g.weighbridge.tokens

  -- Shown by themselves
  wait('diagnostics', function() return #vim.diagnostic.get(0) > 0 end)
  seen.diagnostics = vim.tbl_map(function(one) return one.code end, vim.diagnostic.get(0))
  wait('hints', function()
    local last = vim.lsp.inlay_hint.get({ bufnr = 0 })[2]
    return last and label(last.inlay_hint):find('%d') ~= nil
  end)
  seen.hints = vim.tbl_map(function(one) return label(one.inlay_hint) end, vim.lsp.inlay_hint.get({ bufnr = 0 }))
  vim.lsp.codelens.refresh({ bufnr = 0 })
  wait('lenses', function() return #vim.lsp.codelens.get(0) > 0 end)
  seen.lens = vim.lsp.codelens.get(0)[1].command.title

  -- Asked for
  at(3, 4)
  seen.hover = ask('textDocument/hover').contents.value
  seen.definition = ask('textDocument/definition')[1].targetUri
  seen.references = #ask('textDocument/references', { context = { includeDeclaration = true } })
  local item = ask('textDocument/prepareCallHierarchy')[1]
  seen.callers = vim.tbl_map(function(one) return one.from.name end, ask('callHierarchy/incomingCalls', { item = item }))
  local document = ask('textDocument/prepareCallHierarchy', { position = { line = 1, character = 0 } })[1]
  seen.callees = vim.tbl_map(function(one) return one.to.name end, ask('callHierarchy/outgoingCalls', { item = document }))
  local hint = vim.lsp.inlay_hint.get({ bufnr = 0 })[2].inlay_hint
  local resolved = assert(client():request_sync('inlayHint/resolve', hint, 20000, 0)).result
  seen.leads = resolved.label[1] and resolved.label[1].location and resolved.label[1].location.uri
  seen.links = #ask('textDocument/documentLink')
  seen.symbols = vim.tbl_map(function(one) return one.name end, ask('textDocument/documentSymbol'))
  seen.workspace = #ask('workspace/symbol', { query = 'style' })
  seen.selection = ask('weighbridge/count', {
    ranges = { { start = { line = 0, character = 0 }, ['end'] = { line = 1, character = 0 } } },
  }).tokens

  -- Tokens in colours
  client():exec_cmd({ title = '', command = 'weighbridge.toggleTokens', arguments = {} })
  wait('colours', function()
    vim.lsp.semantic_tokens.force_refresh(0)
    vim.wait(100)
    vim.cmd('redraw!')
    return #(vim.lsp.semantic_tokens.get_at_pos(0, 0, 3) or {}) > 0
  end)
  seen.colour = vim.lsp.semantic_tokens.get_at_pos(0, 0, 3)[1].type

  -- Completion, as its own menu inserts it
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { '@[file:docs/' })
  ready()
  local items = ask('textDocument/completion', { position = { line = #lines() - 1, character = 12 } }).items
  seen.completion = vim.tbl_map(function(one) return one.label end, items)
  seen.cost = ask('completionItem/resolve', items[1]).detail
  vim.lsp.util.apply_text_edits({ items[1].textEdit }, vim.api.nvim_get_current_buf(), client().offset_encoding)
  seen.completed = lines()[#lines()]

  -- An action and a rename, applied
  at(4, 3)
  vim.lsp.buf.code_action({ apply = true, filter = function(one) return one.title:find('^Define nobody') ~= nil end })
  wait('action', function() return lines()[1] == '---' end)
  seen.defined = table.concat(vim.list_slice(lines(), 1, 4), '\n')
  at(8, 3)
  vim.lsp.buf.rename('somebody')
  wait('rename', function() return lines()[8]:find('somebody') ~= nil end)
  seen.renamed = { lines()[3], lines()[8] }
  ready()
  seen.text = table.concat(lines(), '\n') .. '\n'
  seen.total = vim.g.weighbridge.tokens

  -- A folder that a file manager is about to move
  local folder = vim.fn.getcwd()
  local edit = ask('workspace/willRenameFiles', {
    files = { { oldUri = vim.uri_from_fname(folder .. '/docs'), newUri = vim.uri_from_fname(folder .. '/papers') } },
  })
  vim.lsp.util.apply_workspace_edit(edit, client().offset_encoding)
  seen.moved = vim.tbl_filter(function(line) return line:find('papers') ~= nil end, lines())
end

local ok, fault = xpcall(session, debug.traceback)
if not ok then seen.fault = fault end
vim.fn.writefile({ vim.json.encode(seen) }, vim.env.WEIGHBRIDGE_SEEN)
vim.cmd('qa!')

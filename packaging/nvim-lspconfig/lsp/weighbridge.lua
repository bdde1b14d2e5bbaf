---@brief
---
--- https://github.com/weighbridge/weighbridge
---
--- Exact token counts of prompts and of agents' context files (`CLAUDE.md`, `AGENTS.md`, …), references resolved, while
--- they are typed. Needs `weighbridge` on the `PATH`:
---
--- ```sh
--- uv tool install weighbridge
--- ```

---@type vim.lsp.Config
return {
  cmd = { 'weighbridge', 'serve' },
  filetypes = { 'markdown', 'text', 'mdc' },
  root_markers = { 'weighbridge.toml', '.git' },
}

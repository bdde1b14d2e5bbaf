"""The language server: the only rooms that know pygls and lsprotocol."""

from weighbridge.lsp import lean_types

lean_types.load()

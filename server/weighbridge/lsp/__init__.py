"""The language server: the only rooms that know pygls and lsprotocol."""

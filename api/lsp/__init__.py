"""`kogda lsp`: the language server, for any editor that speaks the protocol. The answers come from dsl/assistance."""

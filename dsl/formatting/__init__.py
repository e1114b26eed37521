"""How nodes of the syntax tree are written: one style, in the keywords of either language."""

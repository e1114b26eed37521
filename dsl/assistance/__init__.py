"""What an editor asks of the language while a person writes: one pure core for the language server and for HTTP.

A `Document` is a file that is read again at every key stroke, a `View` all that there is to look at, a `Cursor` what
stands before the place where the person writes. Everything else is a function of these.
"""

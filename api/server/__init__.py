"""The server: the HTTP application, who may use it, what it says of mistakes, and the process it runs in."""

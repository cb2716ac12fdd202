"""The shell: HTTP, WebSockets, pages, commands, settings."""

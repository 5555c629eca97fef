"""What the end-to-end tests share: a raw MCP client, the engine's command line, the official schemas."""

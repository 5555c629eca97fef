"""The MCP servers of the workloads, as programs, on the published package `mcp`; one that answers as fast as can be."""

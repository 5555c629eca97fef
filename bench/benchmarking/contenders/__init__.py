"""What is compared: exec-mcp, and what somebody would take in its place."""

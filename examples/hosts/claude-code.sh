claude mcp add --scope user exec -- /usr/local/bin/exec-mcp

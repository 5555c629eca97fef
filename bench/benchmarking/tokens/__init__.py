"""What a task costs in tokens: tools called by the model itself, beside tools called by a script in the sandbox."""

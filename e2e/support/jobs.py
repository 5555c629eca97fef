"""Background jobs of a sandbox."""


def start(command_line: str, how: str = "{} &") -> str:
    """The shell text that starts a program in the background and waits until it runs: until then, its process is still
    the shell's copy, which no search by name finds."""
    quiet = how.format(f"{command_line} > /dev/null 2>&1")
    return f"{quiet} until pgrep -fx '{command_line}' > /dev/null; do sleep 0.02; done"

"""What `py --help` says."""

TEXT = """\
py: Python that keeps its variables between calls.

  py <<'EOF'            run the code up to EOF
  ...
  EOF
  py -c CODE [ARGS]     run CODE
  py FILE [ARGS]        run a file
  py -s NAME ...        in the session NAME instead of `main`; at most 8 sessions
  py --wait SECONDS ... how long to wait while the session is in use (20)
  py --list             the sessions: state, variables, memory
  py -s NAME --reset    start afresh, without variables
  py -s NAME --close    end the session and the processes that it has started

The value of the last expression is printed (not for FILE), unless the code ends with a semicolon. `await` works at the
top level. Open matplotlib figures are saved as /artifacts/figure-N.png and closed. Exit codes are Python's: 1 after an
exception, the code of exit(); the variables stay in any case. A timeout interrupts the code with KeyboardInterrupt.

The working directory is the shell's, for each call. Changes of the shell's environment variables apply; PYTHON* ones do
not. Threads run on between calls, but nothing reads what they print then. A module that has been imported stays as it
is: importlib.reload(module), or --reset. Sessions are separate processes: they do not wait for each other.
"""

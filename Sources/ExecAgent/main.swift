import SystemCalls

exit(ExecAgentProgram.run(arguments: Array(CommandLine.arguments.dropFirst())))

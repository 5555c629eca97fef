import SystemCalls

exit(ExecMCPProgram.run(arguments: Array(CommandLine.arguments.dropFirst())))

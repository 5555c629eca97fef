import SystemCalls

exit(Program.run(arguments: Array(CommandLine.arguments.dropFirst())))

package import ChildProcess

/// How a program ended. The testing library has an `ExitStatus` of its own.
package typealias ProgramStatus = ExitStatus

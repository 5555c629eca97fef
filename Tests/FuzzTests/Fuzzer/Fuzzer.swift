#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `make fuzz` runs this, once for each property: `Fuzzer PROPERTY`, then libFuzzer's own options and directories.
@main enum Fuzzer {
    fileprivate static let property = Property.all.first { $0.name == CommandLine.arguments.dropFirst().first }

    static func main() {
        guard property != nil else {
            // Without a name, it says which there are.
            for property in Property.all { print(property.name) }
            return
        }
        var count = CommandLine.argc - 1
        var arguments = CommandLine.unsafeArgv.advanced(by: 1)
        exit(runDriver(&count, &arguments, checkInput))
    }
}

/// libFuzzer's main loop: calls back with one input after the other until its time is up.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The name is the one that libFuzzer's library wants to find, though it is handed the function too.
@_cdecl("LLVMFuzzerTestOneInput")
func checkInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do throws(BrokenPropertyError) {
        try Fuzzer.property?.check(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        // Ends the process: libFuzzer writes the input to a file and says where.
        print("broken: \(error)")
        fflush(nil)
        abort()
    }
    return 0
}

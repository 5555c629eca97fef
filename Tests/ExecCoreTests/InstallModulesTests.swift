import Testing

@testable import ExecCore

/// Which modules are installed if not all can be.
@Suite struct InstallModulesTests {
    struct Case: Sendable {
        let sizes: [Int]
        let kept: [Int]
    }

    @Test(arguments: [
        Case(sizes: [], kept: []), Case(sizes: [1, 2, 3], kept: [0, 1, 2]),
        Case(sizes: [1, 17 << 20, 3], kept: [0, 2]), Case(sizes: [16 << 20, 1], kept: [1]),
        Case(sizes: [9 << 20, 1, 8 << 20, 2], kept: [1, 2, 3]), Case(sizes: [1, 8 << 20, 8 << 20], kept: [0, 2]),
        Case(sizes: [1, 20 << 20, 30 << 20], kept: [0]),
        Case(sizes: [Int](repeating: 0, count: 5000), kept: Array(0..<4096)),
    ])
    func theLargestAreLeftOut(files: Case) {
        let all = files.sizes.enumerated().map { number, size in
            ModuleFile(path: "\(number)", content: [UInt8](repeating: 0, count: size))
        }
        #expect(ModuleFile.fitting(all).map(\.path) == files.kept.map(String.init))
    }
}

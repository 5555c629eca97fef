import Testing

@testable import ExecCore

@Suite struct KubernetesQuantityTests {
    @Test(arguments: [
        ("1000m", "1"), ("2000m", "2"), ("0.25", "250m"), ("1024Ki", "1Mi"), ("1073741824", "1Gi"),
        ("2000000000", "2G"),
        ("1.5Gi", "1536Mi"), ("12e6", "12M"), ("1E3", "1k"), ("100m", "100000u"), ("+5", "5"),
    ])
    func theSameAmountMayBeWrittenInManyWays(left: String, right: String) throws {
        #expect(try #require(KubernetesQuantity(left)) == #require(KubernetesQuantity(right)))
    }

    @Test(arguments: [("1G", "1Gi"), ("1", "1m"), ("1Gi", "2Gi"), ("0", "1")])
    func differentAmountsDiffer(left: String, right: String) throws {
        #expect(try #require(KubernetesQuantity(left)) != #require(KubernetesQuantity(right)))
    }

    @Test(arguments: ["", "m", "1 Gi", "1gi", "x", "1e", "1.2.3", "Gi1", "nan", "inf", "1e1e1"])
    func anythingElseIsNoAmount(text: String) {
        #expect(KubernetesQuantity(text) == nil)
    }
}

import Testing

@testable import ExecCore

@Suite struct IPAddressTests {
    @Test(arguments: [
        "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.31.196.10",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111",
        "2001:4860:4860::8888", "2001:200::", "2a00::1", "3ffe::1", "64:ff9b::808:808",
    ])
    func isPublicWhereTheInternetIs(text: String) throws {
        #expect(try #require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "168.63.129.16", "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255",
        "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
        "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::a00:1", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:808:808::", "2001:1ff::1", "2001:db8::1",
        "2002:808:808::1", "2002:7f00:1::", "3fff::1", "3fff:fff::1", "4000::1", "5f00::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
    ])
    func isNotPublicWhereItIsNot(text: String) throws {
        #expect(try !#require(IPAddress(text)).isPublic)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ("::", "::"),
    ])
    func isWrittenInTheUsualForm(text: String, usual: String) {
        #expect(IPAddress(text)?.description == usual)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x1.2.3.4", "1.2.3.256", "fe80::1%lo",
        "1.2.3.4\0", "1.2.3.4\0.example.org", "2001:db8::1\0x", "[::1]", "1.2.3.4 ",
    ])
    func isNothingElse(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: ["127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0"])
    func isOwnWhereThisMachineAnswers(text: String) throws {
        #expect(OwnAddress.isOwn(try #require(IPAddress(text))))
    }

    @Test(arguments: ["192.0.2.1", "192.0.2.77", "203.0.113.9", "2001:db8::1", "2001:db8:7::7"])
    func isNotOwnWhereNobodyDoes(text: String) throws {
        #expect(!OwnAddress.isOwn(try #require(IPAddress(text))))
    }
}

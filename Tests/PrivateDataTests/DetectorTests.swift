import Testing

@testable import PrivateData

@Suite struct DetectorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let expected: [String]
        var field = ""
        var testDescription: String { text }

        init(_ text: String, _ expected: String..., field: String = "") {
            (self.text, self.expected, self.field) = (text, expected, field)
        }
    }

    @Test(arguments: [
        Case("Write to ada@example.com.", "email:ada@example.com"),
        Case("<ada@example.com>", "email:ada@example.com"),
        Case("\"Ada\" <Ada.L+tag@sub-1.Example.CO.UK>,", "email:Ada.L+tag@sub-1.Example.CO.UK"),
        Case("mailto:ada@example.com?subject=x", "email:ada@example.com"),
        Case("josé.müller@straße.de", "email:josé.müller@straße.de"),
        Case("“ada@example.com”", "email:ada@example.com"),
        Case("联系ada@example.com请", "email:ada@example.com"),
        Case("x@163.com", "email:x@163.com"),
        Case("ada@example.xn--p1ai", "email:ada@example.xn--p1ai"),
        Case(#"{"a":"Hi\nada@example.com"}"#, "email:ada@example.com"),
        Case(#""\u003cada@example.com\u003e""#, "email:ada@example.com"),
        Case(#""C:\\nada@example.com""#, "email:nada@example.com"),
        Case("?to=ada%40example.com&x=1", "email:ada%40example.com"),
        Case("?to=%3Cada%40example.com%3E", "email:ada%40example.com"),
        Case("a@b.com,c@d.org;e@f.net", "email:a@b.com", "email:c@d.org", "email:e@f.net"),
        Case("ada@example.com-", "email:ada@example.com"),
        Case("ada@example.com.5", "email:ada@example.com"), Case("ada@example.com.csv", "email:ada@example.com"),
        Case("@ada said"), Case("ada@localhost"), Case("ada@example"), Case("https://ada:pw@example.com/x"),
        Case("ssh://git@github.com/a/b"), Case("git@github.com:a/b.git"), Case("https://ada@example.com/"),
        Case("lodash@4.17.21"), Case("pkg@4.17.21.tgz"), Case("icon@2x.png"), Case("user@1000.service"),
        Case("a @ b.com"), Case(#"{"a":"ada\u0040example.com"}"#, #"email:ada\u0040example.com"#),
        Case("ada&#64;example.com", "email:ada&#64;example.com"),
        Case(#"'x\xa0ada@example.com'"#, "email:ada@example.com"),
        Case("ada@analytical.example.com.and..more", "email:ada@analytical.example.com.and"),
        Case("W@x.mean"), Case("y = w@x.reshape"), Case("W@x.sum()"), Case("a@b.transpose()"), Case("image@sha256.abc"),
        Case("@example.com"), Case("x@.com"), Case("x@-a.com"), Case("f@a..com"), Case("@app.route"),
    ]) func findsEmailAddresses(_ test: Case) {
        #expect(found(test.text) == test.expected)
    }

    @Test(arguments: [
        Case("call +1 555 123 4567 now", "phone:+1 555 123 4567"), Case("+14155550100", "phone:+14155550100"),
        Case("+44 20 7946 0958", "phone:+44 20 7946 0958"), Case("+49 (30) 1234-567", "phone:+49 (30) 1234-567"),
        Case("+33.1.23.45.67.89", "phone:+33.1.23.45.67.89"), Case("(555) 123-4567", "phone:(555) 123-4567"),
        Case("(555)123-4567", "phone:(555)123-4567"), Case("555-123-4567.", "phone:555-123-4567"),
        Case("555.123.4567", "phone:555.123.4567"), Case("555 123 4567", "phone:555 123 4567"),
        Case("1-800-555-0199", "phone:1-800-555-0199"), Case("030 1234567", "phone:030 1234567"),
        Case("0171/1234567", "phone:0171/1234567"), Case("020 7946 0958", "phone:020 7946 0958"),
        Case("01 23 45 67 89", "phone:01 23 45 67 89"), Case("01.23.45.67.89", "phone:01.23.45.67.89"),
        Case("(030) 1234567", "phone:(030) 1234567"), Case("555-123-4567x89", "phone:555-123-4567"),
        Case("phone: 5551234567", "phone:5551234567"), Case(#""mobile":"5551234567""#, "phone:5551234567"),
        Case("Tel. 5551234567", "phone:5551234567"), Case("5551234567 (mobile)", "phone:5551234567"),
        Case("5551234567", "phone:5551234567", field: "homephone"), Case(#"a\t555-123-4567"#, "phone:555-123-4567"),
        Case("+1 555 123 4567 2023", "phone:+1 555 123 4567"),
        Case("5551234567", "phone:5551234567", field: "phone/value"),
        Case("5551234567", "phone:5551234567", field: "contactPhone"),
        Case("5551234567", "phone:5551234567", field: "phone_numbers"), Case("phone=5551234567", "phone:5551234567"),
        Case("phone number of Ada: 5551234567", "phone:5551234567"),
        Case("my mobile number is 5551234567", "phone:5551234567"),
        Case("phone number of Ada 5551234567", "phone:5551234567"),
        Case("Phone no. of Ada Lovelace 5551234567", "phone:5551234567"),
        Case("5551234567", "phone:5551234567", field: "phone/default"),
        Case(#"'030\xa01234567'"#, #"phone:030\xa01234567"#),
        Case(#""555\u00A0123\u20114567""#, #"phone:555\u00A0123\u20114567"#),
        Case("phones of Ada 5551234567"), Case("phone number format RFC 5551234567"),
        Case("5551234567", field: "phone_id/default"),
        Case("Telephones: 5551234567", "phone:5551234567"), Case("PHONE_NUMBER=5551234567", "phone:5551234567"),
        Case("phone 555\u{202F}123\u{202F}4567", "phone:555\u{202F}123\u{202F}4567"),
        Case("tel:%205551234567", "phone:5551234567"),
        Case("phone: 5551234567 2026-11-30", "phone:5551234567"), Case("a=%20555-123-4567", "phone:555-123-4567"),
        Case("5551234567"), Case("hotel 5551234567"), Case("phone\n5551234567"),
        Case(#""phone":"x","id":5551234567"#),
        Case("ORD-555-123-4567"), Case("1700000000"), Case("2023-11-15 12:30:45"), Case("15-11-2023"),
        Case("+40.7127753-74.0059728"), Case("+40.7127753, -74.0059728"), Case("1e+10000000"), Case("0-306-40615-2"),
        Case("978-0-306-40615-7"), Case("0000 0001 0203 0405"), Case("123 456 7890 123"), Case("0.5551234567"),
        Case("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), Case("01.02.2023 12"), Case("192.168.1.1234"),
        // Beside no such word, and numbers that are nobody's beside one.
        Case("Last phone contact: 2026-11-30 14:00"), Case("phone call on 2026-11-30, next 2026-12-07"),
        Case("mobile app v2 released 2024-01-01"), Case("tel: 20261130"), Case("microphone: 44100000 Hz"),
        Case("GET /phones/1234567 200"), Case("phone_verified=true id=12345678"), Case("smartphones 2023: 1432000000"),
        Case("Telefonbuch 2024-2025-001"), Case("mobile.css?v=20240101"), Case("iphone_models.csv 1048576 bytes"),
        Case("-rw-r--r-- 1 root root 1048576 2026-11-30 phones.db"), Case("phone INTEGER DEFAULT 10000000"),
        Case("iPhone 12345678"), Case("phonetic: 12345678"), Case("saxophone 1234567"), Case("headphones 5551234567"),
        Case("smartphone sales: 1432000001 units"), Case("mobile traffic 12345678 bytes"),
        Case("mobile_users = 12345678"),
        Case("\"phone_verified_at\": 1700000001"), Case("1700000001", field: "phone_verified_at"),
        Case("12345678", field: "phone_id"), Case("12345678", field: "phone/id"),
        Case("1234568", field: "smartphone_sold"),
        Case("1234567", field: "phone_count"), Case("telemetry 12345678"), Case("phone: 30.11.2026 14:00"),
        // Sizes and rows of numbers.
        Case("640 480 1024"), Case("256 512 1024"), Case("200 300 4000"), Case("404 500 5000"), Case("01 02 03 04 05"),
    ]) func findsPhoneNumbers(_ test: Case) {
        #expect(found(test.text, field: test.field) == test.expected)
    }

    @Test(arguments: [
        Case("SSN 536-22-8726.", "ssn:536-22-8726"), Case("536 22 8726", "ssn:536 22 8726"),
        Case("ssn=536228726", "ssn:536228726"), Case("social security: 536228726", "ssn:536228726"),
        Case("536228726", "ssn:536228726", field: "ssn"), Case(#"x\n536-22-8726"#, "ssn:536-22-8726"),
        Case("536228726"), Case("000-22-8726"), Case("666-22-8726"), Case("936-22-8726"), Case("536-00-8726"),
        Case("536-22-0000"), Case("078-05-1120"), Case("219-09-9999"), Case("123-45-6789"), Case("536-22-87261"),
        Case("A536-22-8726"), Case("1-536-22-8726"), Case("536-22-8726-1"), Case("1 536 22 8726"),
        Case("536 22 8726 1"), Case("536-22 8726"), Case("ssn 078051120"), Case("536.22.8726"),
        Case("range(100-20-3000)"), Case("ssn_count = 536228726"), Case("socialite 536228726"),
    ]) func findsSocialSecurityNumbers(_ test: Case) {
        #expect(found(test.text, field: test.field) == test.expected)
    }

    @Test(arguments: [
        Case("4111111111111111", "card:4111111111111111"), Case("4111 1111 1111 1111", "card:4111 1111 1111 1111"),
        Case("4111-1111-1111-1111.", "card:4111-1111-1111-1111"), Case("378282246310005", "card:378282246310005"),
        Case("3782 822463 10005", "card:3782 822463 10005"), Case("5555555555554444", "card:5555555555554444"),
        Case("2223003122003222", "card:2223003122003222"), Case("6011111111111117", "card:6011111111111117"),
        Case("3530111333300000", "card:3530111333300000"), Case("6200000000000000000", "card:6200000000000000000"),
        Case("card 30569309025904", "card:30569309025904"), Case("3056 930902 5904", "card:3056 930902 5904"),
        Case(
            "4539 1488 0343 6467 4111 1111 1111 1111", "card:4539 1488 0343 6467", "card:4111 1111 1111 1111"),
        Case(
            "4539 1488 0343 6467 4111 1111 1111 1111 5555 5555 5555 4444", "card:4539 1488 0343 6467",
            "card:4111 1111 1111 1111", "card:5555 5555 5555 4444"), Case("cardinality 30569309025904"),
        Case("4111 1111 1111 1111 12/25", "card:4111 1111 1111 1111"),
        Case(#"["4111111111111111"]"#, "card:4111111111111111"), Case(#"a\n4111111111111111"#, "card:4111111111111111"),
        Case("4111111111111112"), Case("30569309025904"), Case("41111111111111111"), Case("14111111111111111"),
        Case("4111-1111-1111-1111-1111"), Case("4111 1111 1111 1111 1111"), Case("1000 4111 1111 1111 1111"),
        Case("ORD-4111111111111111"), Case("0.4111111111111111"), Case("4111111111111111.5"), Case("a4111111111111111"),
        Case("4111111111111111f"), Case("411111111111-1111"), Case("4006381333931"), Case("9780306406157"),
        Case("1700000000000000"), Case("1700000000000000000"), Case("0000 0000 0000 0000"),
        Case("12345678-4111-4111-8111-411111111111"),
    ]) func findsCardNumbers(_ test: Case) {
        #expect(found(test.text) == test.expected)
    }

    @Test(arguments: [
        Case("DE89370400440532013000", "iban:DE89370400440532013000"),
        Case("DE89 3704 0044 0532 0130 00 BIC", "iban:DE89 3704 0044 0532 0130 00"),
        Case("GB82WEST12345698765432.", "iban:GB82WEST12345698765432"), Case("NO9386011117947", "iban:NO9386011117947"),
        Case("FR14 2004 1010 0505 0001 3M02 606", "iban:FR14 2004 1010 0505 0001 3M02 606"),
        Case("GB82-WEST-1234-5698-7654-32", "iban:GB82-WEST-1234-5698-7654-32"),
        Case(#"x\nDE89370400440532013000"#, "iban:DE89370400440532013000"),
        Case("MT84MALT011000012345MTLCAST001S", "iban:MT84MALT011000012345MTLCAST001S"),
        Case("DE88370400440532013000"), Case("DE8937040044053201300"), Case("DE893704004405320130000"),
        Case("XDE89370400440532013000"), Case("de89370400440532013000"), Case("ZZ89370400440532013000"),
        Case("DE89WEST440532013000AB"),
    ]) func findsBankAccounts(_ test: Case) {
        #expect(found(test.text) == test.expected)
    }

    @Test(arguments: [
        Case("from 10.20.30.40:8080", "ip:10.20.30.40"), Case("http://192.168.1.10/x", "ip:192.168.1.10"),
        Case("8.8.8.8.", "ip:8.8.8.8"), Case("10.20.30.40/24", "ip:10.20.30.40"), Case("[10.1.2.3]", "ip:10.1.2.3"),
        Case("host=10.1.2.3", "ip:10.1.2.3"), Case(#"x\n10.1.2.3"#, "ip:10.1.2.3"),
        Case("2a00:1450:4001:81b::200e", "ip:2a00:1450:4001:81b::200e"), Case("fe80::1%eth0", "ip:fe80::1"),
        Case("[2a00:1450::1]:443", "ip:2a00:1450::1"), Case("2a00:1450::1: refused", "ip:2a00:1450::1"),
        Case("2001:0:130F:0:0:9C0:876A:130B", "ip:2001:0:130F:0:0:9C0:876A:130B"),
        Case("127.0.0.1"), Case("0.0.0.0"), Case("192.0.2.1"), Case("198.51.100.7"), Case("203.0.113.9"),
        Case("255.255.255.0"), Case("v1.2.3.4"), Case("version 1.2.3.4"), Case("pkg==1.2.3.4"), Case("pkg>=1.2.3.4"),
        Case("1.2.3.4.5"), Case("pkg-1.2.3.4"), Case("Chrome/12.0.6.4"), Case("10.0.0.0/8"), Case("10.20.0.0/16"),
        Case("256.1.1.1"), Case("1.02.3.4"), Case("a1.2.3.4"), Case("\"version\": \"1.2.3.4\""),
        Case("::1"), Case("::"), Case("2001:db8::1"), Case("12:30:45"), Case("00:1a:2b:3c:4d:5e"), Case("std::dec"),
        Case("a[1::2]"), Case("x[::2]"), Case("2a00:1450::/32"), Case("fe::be::1"), Case("abcd:ef01"),
        Case("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"), Case("1:2:3:4:5:6:7:8:9"),
        Case("AssemblyVersion(\"4.8.161.0\")"), Case("<Version>4.8.161.0</Version>"), Case("oid: 1.3.6.1"),
        Case("section 3.4.5.6 of the contract"), Case("abcd::1234"), Case("1:2:3:4:5:6:7:8"),
        Case("12:34:56:78:9a:bc:de:f0"),
        Case("<ip>10.1.2.3</ip>", "ip:10.1.2.3"),
    ]) func findsAddressesOfMachines(_ test: Case) {
        #expect(found(test.text) == test.expected)
    }

    @Test func aLongTextOfNothingButBeginningsComesBackAsItWas() {
        for piece in ["a@", "+1", "1.", "::", "a.b@c.", "4111 ", "(5", "DE89", "%40", "tel 1"] {
            let text = String(repeating: piece, count: 2000)
            let vault = makeVault()
            #expect(vault.restored(vault.redact(text)) == text, "\(piece)")
        }
    }
}

extension PrivateDataVault {
    func restored(_ text: String) -> String? { try? restore(text) }
}

import Foundation
import Testing

@testable import OneBot

@Suite("SelfID")
struct SelfIDTests {
    @Test("a decimal number is one, anything else is none")
    func decimal() {
        #expect(SelfID(decimal: "10001") == SelfID(10001))
        #expect(SelfID(decimal: "-1") == SelfID(-1))
        for text in ["", "+1", " 1", "1 ", "1.0", "0x1", "١", "9223372036854775808"] {
            #expect(SelfID(decimal: text) == nil, "\(text)")
        }
    }

    @Test("it is a number on the wire")
    func coding() throws {
        #expect(try String(decoding: JSONEncoder().encode([SelfID(.max)]), as: UTF8.self) == "[9223372036854775807]")
        #expect(try JSONDecoder().decode([SelfID].self, from: Data("[10001]".utf8)) == [SelfID(10001)])
    }
}

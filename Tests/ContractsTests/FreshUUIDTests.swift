import Contracts
import Foundation
import Testing

@Suite("Identities nobody else has")
struct FreshUUIDTests {
    @Test("each is a random UUID in small letters, and another than all before")
    func random() throws {
        let texts = (0..<1_000).map { _ in FreshUUID.text() }
        #expect(Set(texts).count == 1_000)
        for text in texts {
            let uuid = try #require(UUID(uuidString: text))
            #expect(uuid.uuidString.lowercased() == text)
            #expect(uuid.uuid.6 >> 4 == 4, "version 4")
            #expect(uuid.uuid.8 >> 6 == 2, "variant 10")
        }
    }

    @Test("every bit that is not the version's or the variant's comes from the generator")
    func bits() {
        struct Constant: RandomNumberGenerator {
            let number: UInt64
            func next() -> UInt64 { number }
        }
        var (zeros, ones) = (Constant(number: 0), Constant(number: .max))
        #expect(FreshUUID.text(using: &zeros) == "00000000-0000-4000-8000-000000000000")
        #expect(FreshUUID.text(using: &ones) == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }
}

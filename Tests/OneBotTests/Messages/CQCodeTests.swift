import Foundation
import NIOCore
import TestSupport
import Testing

@testable import OneBot

@Suite("CQ codes", .timeLimit(.minutes(5)))
struct CQCodeTests {
    private func written(_ segments: [MessageSegment]) -> String {
        var json = ByteBuffer()
        for segment in segments { segment.write(to: &json) }
        return String(buffer: json)
    }

    private func isSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    @Test("the standard's own examples")
    func examples() {
        let cases: [(String, [MessageSegment])] = [
            ("[CQ:shake]", [MessageSegment(type: "shake", [])]),
            (
                "[CQ:face,id=178]看看我刚拍的照片[CQ:image,file=123.jpg]",
                [
                    MessageSegment(type: "face", [.init("id", "178")]), .text("看看我刚拍的照片"),
                    MessageSegment(type: "image", [.init("file", "123.jpg")]),
                ]
            ),
            (
                "[CQ:share,title=标题中有=等号,url=http://baidu.com]",
                [MessageSegment(type: "share", [.init("title", "标题中有=等号"), .init("url", "http://baidu.com")])]
            ),
            ("- &#91;x&#93; 使用 `&amp;data` 获取地址", [.text("- [x] 使用 `&data` 获取地址")]),
            (
                "[CQ:share,title=震惊&#44;小伙睡觉前居然...,url=http://baidu.com/?a=1&amp;b=2]",
                [
                    MessageSegment(
                        type: "share", [.init("title", "震惊,小伙睡觉前居然..."), .init("url", "http://baidu.com/?a=1&b=2")])
                ]
            ),
            ("", []),
        ]
        for (string, segments) in cases {
            #expect(CQCode.segments(in: string) == segments)
            #expect(CQCode.text(of: segments) == string)
        }
    }

    @Test("segments come back from their string as they were")
    func segmentsThereAndBack() {
        for seed in UInt64(0)..<3_000 {
            var random = RandomMessage(seed: seed)
            let segments = random.segments()
            let string = CQCode.text(of: segments)
            guard isSame(written(CQCode.segments(in: string)), written(segments)) else {
                Issue.record("seed \(seed): \(written(segments)) became \(string)")
                return
            }
        }
    }

    @Test("a string comes back from its segments as it was")
    func stringThereAndBack() {
        for seed in UInt64(0)..<3_000 {
            var random = RandomMessage(seed: seed)
            let string = random.string()
            let back = CQCode.text(of: CQCode.segments(in: string))
            guard isSame(back, string) else {
                Issue.record("seed \(seed): \(string) became \(back)")
                return
            }
        }
    }

    @Test("whatever a string holds, its segments survive being written and read again")
    func anyString() {
        for seed in UInt64(0)..<3_000 {
            var random = RandomMessage(seed: seed)
            let string = random.text(upTo: 20)
            let segments = CQCode.segments(in: string)
            let again = CQCode.segments(in: CQCode.text(of: segments))
            guard isSame(written(again), written(segments)) else {
                Issue.record("seed \(seed): \(string)")
                return
            }
        }
    }

    @Test(
        "what is no code is text, byte for byte",
        arguments: [
            "[CQ:", "[CQ:]", "[CQ:,a=b]", "[CQ:face,178]", "[CQ:face,id=1", "[cq:face,id=1]", "[ CQ:face]",
            "[CQ:a,x=[y]", "]", "[",
            "[[CQ", "&", "&amp", "&#9;", "&lt;", "[CQ:face,,id=1]", "CQ:face,id=1]",
        ])
    func malformed(text: String) {
        #expect(CQCode.segments(in: text) == [.text(text)])
    }

    @Test("a code behind one that has no end is found")
    func behindMalformed() {
        #expect(
            CQCode.segments(in: "[CQ:image,file=[CQ:face,id=1]")
                == [.text("[CQ:image,file="), MessageSegment(type: "face", [.init("id", "1")])])
    }

    @Test(
        "a comma too many is passed over, a comma in text may be escaped, and of two parameters with one name the last counts"
    )
    func lenient() {
        let face = MessageSegment(type: "face", [.init("id", "1")])
        #expect(CQCode.segments(in: "[CQ:face,id=1,]") == [face])
        #expect(CQCode.segments(in: "[CQ:face,id=2,id=1]") == [face])
        #expect(CQCode.segments(in: "a&#44;b") == [.text("a,b")])
        #expect(CQCode.segments(in: "[CQ:face,id=]") == [MessageSegment(type: "face", [.init("id", "")])])
    }

    @Test(
        "a megabyte of anything takes no longer than its length",
        arguments: ["[CQ:", "[", "]", "&", "&amp;", "[CQ:a]", ",", "[CQ:a,", "[CQ:a,b=c", "=", "x"], ["", "]"])
    func hostile(piece: String, end: String) {
        let text = "[CQ:a,x=" + String(repeating: piece, count: (1 << 20) / piece.utf8.count) + end
        let segments = CQCode.segments(in: text)
        #expect(!segments.isEmpty)
        #expect(!CQCode.text(of: segments).isEmpty)
    }

    @Test("a code of a hundred thousand parameters takes no longer than its length")
    func manyParameters() {
        let text = "[CQ:a" + (0..<100_000).map { ",\($0 % 1_000)=\($0)" }.joined() + "]"
        let segments = CQCode.segments(in: text)
        #expect(segments.first?.parameters.count == 1_000)
    }
}

import Testing

@Suite("The pages")
struct PageTests {
    @Test("their links lead to files that are there, and to headings on them")
    func links() throws {
        var anchored = 0
        for page in try Page.all() {
            for link in page.links {
                guard Page.isThere(link.target) else {
                    Issue.record("\(page.name) links to \(link.target), which is not there")
                    continue
                }
                guard let anchor = link.anchor, link.target.hasSuffix(".md") else { continue }
                anchored += 1
                let isThere = try Page(link.target).anchors.contains(anchor)
                #expect(isThere, "\(page.name) links to \(link.target)#\(anchor), and no heading there is called so")
            }
        }
        #expect(anchored > 20)
    }

    @Test("headings are called as GitHub calls them, and links are read from where they stand")
    func names() {
        let page = Page(
            name: "docs/a.zh-CN.md",
            text: """
                # The broker (with `bus: amqp`)
                [here](#a-1), [there](frameworks/b.md#c), [up](../README.md), `[no](link.md)`, [far](https://x.org/y.md)
                ## 准备 RabbitMQ
                ```
                # [no](heading.md)
                ```
                ## A
                ## A
                """)
        #expect(page.anchors == ["the-broker-with-bus-amqp", "准备-rabbitmq", "a", "a-1"])
        #expect(
            page.links == [
                .init(target: "docs/a.zh-CN.md", anchor: "a-1"), .init(target: "docs/frameworks/b.md", anchor: "c"),
                .init(target: "README.md", anchor: nil),
            ])
        #expect(page.linksAtBeginning == page.links)
    }

    @Test("in Chinese there are the sections of the English page, in the same order")
    func sections() throws {
        for (english, chinese) in try Page.translations() {
            let levels = [english, chinese].map { $0.headings.map { $0.prefix { $0 == "#" }.count } }
            #expect(levels[0] == levels[1], "\(chinese.name) has other sections than \(english.name)")
        }
    }

    @Test("one in two languages leads from each to the other before its first section")
    func languages() throws {
        let translations = try Page.translations()
        #expect(translations.count > 10)
        for (english, chinese) in translations {
            #expect(english.linksAtBeginning.contains { $0.target == chinese.name }, "\(english.name)")
            #expect(chinese.linksAtBeginning.contains { $0.target == english.name }, "\(chinese.name)")
        }
    }

    @Test("one in Chinese leads to the Chinese page where there is one")
    func chineseLinks() throws {
        let translated = Dictionary(
            uniqueKeysWithValues: try Page.translations().map { ($0.english.name, $0.chinese.name) })
        for page in try Page.all() where page.isChinese {
            for link in page.links where translated[link.target] != page.name {
                #expect(translated[link.target] == nil, "\(page.name) links to \(link.target)")
            }
        }
    }
}

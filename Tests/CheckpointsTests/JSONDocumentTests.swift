import Checkpoints
import Testing

@Suite("JSON documents")
struct JSONDocumentTests {
    private func document(_ text: String) throws -> JSONDocument {
        try JSONDocument(parsing: [UInt8](text.utf8), file: "config.json")
    }

    @Test("Members are read by type")
    func members() throws {
        let document = try document(
            """
            {"s":"x","b":true,"i":3,"n":0.5,"is":[1,2],"ss":["a","b"],"o":{"theta":500000},"null":null}
            """)
        #expect(try document.string("s") == "x")
        #expect(try document.bool("b"))
        #expect(try document.integer("i") == 3)
        #expect(try document.number("n") == 0.5)
        #expect(try document.number("i") == 3)
        #expect(try document.integers("is") == [1, 2])
        #expect(try document.integers("i") == [3])
        #expect(try document.strings("ss") == ["a", "b"])
        #expect(try document.object("o").number("theta") == 500_000)
        for key in ["null", "absent"] {
            #expect(document.valueIfPresent(key) == nil)
            #expect(try document.stringIfPresent(key) == nil)
            #expect(try document.boolIfPresent(key) == nil)
            #expect(try document.integerIfPresent(key) == nil)
            #expect(try document.numberIfPresent(key) == nil)
            #expect(try document.integersIfPresent(key) == nil)
            #expect(try document.stringsIfPresent(key) == nil)
            #expect(try document.objectIfPresent(key) == nil)
        }
    }

    @Test("Errors name the document, the way to the key, and what was found")
    func errors() throws {
        let document = try document(#"{"o":{"p":{"q":"x"}},"a":[1,"y"],"n":1.5,"b":false,"null":null}"#)
        func message(_ body: () throws -> Void) -> String? {
            #expect(throws: CheckpointError.self, performing: body)?.description
        }
        #expect(
            message { _ = try document.object("o").object("p").number("q") }
                == #"config.json: o.p.q: expected a number, found the string "x""#)
        #expect(message { _ = try document.object("o").bool("r") } == "config.json: key o.r is missing")
        #expect(message { _ = try document.string("null") } == "config.json: key null is missing")
        #expect(message { _ = try document.integer("n") } == "config.json: n: expected an integer, found 1.5")
        #expect(
            message { _ = try document.integers("a") }
                == #"config.json: a[1]: expected an integer, found the string "y""#)
        #expect(message { _ = try document.strings("a") } == "config.json: a[0]: expected a string, found 1")
        #expect(
            message { _ = try document.strings("b") } == "config.json: b: expected an array of strings, found false")
        #expect(
            message { _ = try document.integers("o") }
                == "config.json: o: expected an array of integers, found an object of 1")
        #expect(message { _ = try document.bool("a") } == "config.json: a: expected a boolean, found an array of 2")
        #expect(message { _ = try document.string("b") } == "config.json: b: expected a string, found false")
        #expect(message { _ = try document.object("n") } == "config.json: n: expected an object, found 1.5")
    }

    @Test("A document that is no object is refused")
    func notAnObject() {
        #expect(
            throws: CheckpointError.wrongType(
                file: "config.json", key: "the document", expected: "an object", found: "an array of 0")
        ) { try document("[]") }
    }
}

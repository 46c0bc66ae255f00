import OrderedCollections

/// A value while a template is rendered.
enum JinjaValue: Sendable {
    /// What a missing variable, attribute or element yields; it carries the missing name for error messages.
    case undefined(name: String)
    case none
    case boolean(Bool)
    case integer(Int)
    case text(MarkedText)
    case list([JinjaValue], depth: Int)
    case dictionary(JinjaDictionary)
    /// A place in the interpreter's table, so that namespaces can neither form cycles nor outlive the rendering.
    case namespace(Int)
    case function(JinjaFunction)

    /// Levels of lists and dictionaries within each other, bounded because every walk over a value recurses.
    static let maximumDepth = 32

    /// Levels of lists and dictionaries in this value.
    var depth: Int {
        switch self {
        case .list(_, let depth): depth
        case .dictionary(let dictionary): dictionary.depth
        default: 0
        }
    }

    /// What error messages call the value.
    var kindName: String {
        switch self {
        case .undefined(let name): "the undefined '\(name)'"
        case .none: "none"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .text: "a text"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .function: "a function"
        }
    }

    /// Python's `bool(value)`.
    var isTruthy: Bool {
        switch self {
        case .undefined, .none: false
        case .boolean(let value): value
        case .integer(let value): value != 0
        case .text(let text): !text.bytes.isEmpty
        case .list(let elements, _): !elements.isEmpty
        case .dictionary(let dictionary): !dictionary.entries.isEmpty
        case .namespace, .function: true
        }
    }

    /// The value as a number, where Python takes it for one: a boolean is 0 or 1.
    var integerValue: Int? {
        switch self {
        case .integer(let value): value
        case .boolean(let value): value ? 1 : 0
        default: nil
        }
    }
}

/// A dictionary with texts as keys, in the order in which they were added.
struct JinjaDictionary: Sendable {
    struct Entry: Sendable {
        /// The key with its marks.
        let key: MarkedText
        let value: JinjaValue
    }

    private var storage: OrderedDictionary<[UInt8], Entry> = [:]
    /// Levels of lists and dictionaries, this one included.
    private(set) var depth = 1

    /// The entries in order.
    var entries: [Entry] { storage.values.elements }

    /// An empty dictionary.
    init() {}

    /// A chat message as templates see it.
    init(message role: String, content: MarkedText) {
        self["role"] = .text(MarkedText(role))
        self["content"] = .text(content)
    }

    /// The value of a key, or nil.
    subscript(key: String) -> JinjaValue? {
        get { storage[Array(key.utf8)]?.value }
        set { newValue.map { set(MarkedText(key), to: $0) } }
    }

    /// The value of a key, or nil.
    subscript(key: MarkedText) -> JinjaValue? {
        storage[key.bytes]?.value
    }

    /// Adds or replaces an entry.
    mutating func set(_ key: MarkedText, to value: JinjaValue) {
        storage[key.bytes] = Entry(key: key, value: value)
        depth = max(depth, 1 + value.depth)
    }
}
